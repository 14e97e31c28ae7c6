/**
 * Foretoken beside llama.cpp's own speculative decoding: the same files, prompts, threads and draft lengths, in turn.
 *
 *     npm run bench:llama-cpp -- [--size 1.1b] [--prompts 6] [--max-tokens 96] [--threads 2] [--gammas 2,3,4,5,6] [--json file]
 *
 * The first run builds llama.cpp (this needs git, cmake and a C++ compiler, and takes minutes) from the sources that
 * node-llama-cpp brings along: the release that our backend runs, compiled for this machine, with OpenMP.
 */
import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { loadModel } from '@foretoken/backend-llama'
import { draftModel, fixedLength } from '@foretoken/core'
import {
  draft,
  draftShapes,
  ensureInflated,
  inflationNote,
  prompts,
  type ShapeName,
  target,
} from '@foretoken/demo-models'
import { decode, tokensPerSecond } from '../src/measure/decode.js'
import { bootstrapInterval, geometricMean } from '../src/measure/statistics.js'
import { buildLlamaCpp, peerPlain, peerSpeculative } from './llama-cpp-build.js'

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '1.1b' },
    prompts: { type: 'string', default: '6' },
    'max-tokens': { type: 'string', default: '96' },
    threads: { type: 'string', default: String(availableParallelism()) },
    gammas: { type: 'string', default: '2,3,4,5,6' },
    json: { type: 'string' },
  },
})
const size = values.size as ShapeName
const maxTokens = Number(values['max-tokens'])
const threads = Number(values.threads)
const gammas = values.gammas.split(',').filter(Boolean).map(Number)

const bin = await buildLlamaCpp()
const files = {
  target: (await ensureInflated({ source: target, shape: size, type: 'F16' })).path,
  draft: (await ensureInflated({ source: draft, shape: draftShapes[size], type: 'Q4_0' })).path,
}
const load = { gpu: false, contextSize: 1024, threads } as const
const ours = {
  target: await loadModel({ ...load, path: files.target }),
  draft: await loadModel({ ...load, path: files.draft }),
}
console.log(`${ours.target.description}\n${ours.draft.description}\n${inflationNote}\n`)

/** Tokens per second of each contender, by prompt. */
const speeds = new Map<string, number[]>()
const record = (name: string, speed: number): void => {
  speeds.set(name, [...(speeds.get(name) ?? []), speed])
  console.log(`  ${name.padEnd(24)} ${speed.toFixed(2)} tokens/s`)
}

type Contender = (prompt: string) => Promise<void>
const contenders: Contender[] = [
  async () => record('llama.cpp plain', await peerPlain(bin, { ...files, threads, maxTokens })),
  async () => {
    // As llama-bench does it: from an empty context, whatever the tokens say.
    record('foretoken plain', tokensPerSecond([await decode({ model: ours.target, prompt: [0], maxTokens })]))
  },
  ...gammas.flatMap((gamma): Contender[] => [
    async (prompt) => {
      const { speed, acceptance } = await peerSpeculative(bin, { ...files, threads, maxTokens, gamma, prompt })
      record(`llama.cpp K=${gamma}`, speed)
      console.log(`    ${acceptance}`)
    },
    async (prompt) => {
      const strategy = draftModel({ model: ours.draft })
      const decoded = await decode({ model: ours.target, prompt, maxTokens, strategy, length: fixedLength(gamma) })
      record(`foretoken gamma=${gamma}`, tokensPerSecond([decoded]))
      const { alpha, tau } = decoded.result.stats
      console.log(`    alpha ${alpha.toFixed(3)}, tau ${tau.toFixed(2)}`)
    },
  ]),
]

const chosen = (await prompts('code')).slice(0, Number(values.prompts))
for (const [index, prompt] of chosen.entries()) {
  console.log(`prompt ${index + 1} of ${chosen.length}: ${prompt.id}`)
  // A B, then B A: what drifts falls on both alike.
  for (const contender of index % 2 === 0 ? contenders : contenders.toReversed()) await contender(prompt.text)
}
await ours.target.dispose()
await ours.draft.dispose()

const pairs = [
  ['foretoken plain', 'llama.cpp plain'],
  ...gammas.map((gamma) => [`foretoken gamma=${gamma}`, `llama.cpp K=${gamma}`]),
]
const compare = ([mine, theirs]: readonly string[]) => {
  const ratios = speeds.get(mine!)!.map((speed, i) => speed / speeds.get(theirs!)![i]!)
  return { mine, theirs, ratio: geometricMean(ratios), interval: bootstrapInterval(ratios) }
}
const best = (prefix: string): string =>
  [...speeds.keys()]
    .filter((name) => name.startsWith(prefix))
    .reduce((a, b) => (geometricMean(speeds.get(a)!) >= geometricMean(speeds.get(b)!) ? a : b))
const comparisons = [
  ...pairs.map(compare),
  ...(gammas.length > 0 ? [compare([best('foretoken gamma'), best('llama.cpp K')])] : []),
]

console.log('\ntokens/s, geometric mean over the prompts')
for (const [name, runs] of speeds) console.log(`  ${name.padEnd(24)} ${geometricMean(runs).toFixed(2)}`)
console.log('\nforetoken over llama.cpp, with 95 % intervals; the last line is best against best')
for (const { mine, theirs, ratio, interval } of comparisons) {
  console.log(
    `  ${`${mine} / ${theirs}`.padEnd(44)} ${ratio.toFixed(3)}x (${interval.low.toFixed(3)} to ${interval.high.toFixed(3)})`,
  )
}
if (values.json)
  await writeFile(
    values.json,
    JSON.stringify({ size, threads, maxTokens, speeds: Object.fromEntries(speeds), comparisons }, null, 2),
  )
