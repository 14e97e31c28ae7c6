/**
 * How much of what the formula allows does the loop deliver? Fixed draft lengths and the automatic one on code, with the
 * draft model, beside what alpha, c and T(n) promise. All of it is measured round by round in turn, in the same texts and
 * at the same places: plain decoding, the generations, and bare passes of both models (T(1), T(gamma + 1), the draft's).
 *
 *     npm run bench:formula -- [--size 1.1b] [--type F16] [--content code] [--prompts 4] [--max-tokens 96] [--lengths 3,5,7]
 *                              [--threads 1] [--json file]
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { loadModel } from '@foretoken/backend-llama'
import {
  automaticLength,
  draftModel,
  type DraftStrategy,
  expectedTokens,
  fixedLength,
  type LanguageModel,
  type LengthPolicy,
} from '@foretoken/core'
import {
  draft,
  draftShapes,
  ensureInflated,
  type EnsureInflatedOptions,
  inflationNote,
  type ShapeName,
  target,
} from '@foretoken/demo-models'
import { type Decoded, decodeRounds, type SoFar } from '../src/measure/decode.js'
import { inStep, stretches, type Track } from '../src/measure/in-step.js'
import { mean, ratioInterval } from '../src/measure/statistics.js'
import { builtInPrompts } from '../src/models/prompts.js'

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '1.1b' },
    type: { type: 'string', default: 'F16' },
    content: { type: 'string', default: 'code' },
    prompts: { type: 'string', default: '4' },
    'max-tokens': { type: 'string', default: '96' },
    lengths: { type: 'string', default: '3,5,7' },
    threads: { type: 'string' },
    json: { type: 'string' },
  },
})
const size = values.size as ShapeName
const maxTokens = Number(values['max-tokens'])
const lengths = values.lengths.split(',').map(Number)
const stretch = 16

const load = { gpu: false, contextSize: 1024, ...(values.threads && { threads: Number(values.threads) }) } as const
const paths = {
  target: (
    await ensureInflated({
      source: target,
      shape: size,
      type: values.type as NonNullable<EnsureInflatedOptions['type']>,
    })
  ).path,
  draft: (await ensureInflated({ source: draft, shape: draftShapes[size], type: 'Q4_0' })).path,
}
/** All are under way at once, so each has models of its own; the weights lie in memory once. */
async function models(): Promise<{ model: LanguageModel; drafting: LanguageModel }> {
  const model = await loadModel({ ...load, path: paths.target })
  return { model, drafting: await loadModel({ ...load, path: paths.draft }) }
}

interface Side {
  readonly name: string
  readonly model: LanguageModel
  readonly strategy?: DraftStrategy
  readonly length: LengthPolicy
}
const open: LanguageModel[] = []
const sides: Side[] = []
for (const [name, length] of [
  ['plain', fixedLength(0)],
  ...lengths.map((gamma) => [String(gamma), fixedLength(gamma)] as const),
  ['automatic', automaticLength()],
] as const) {
  const { model, drafting } = await models()
  open.push(model, drafting)
  sides.push({ name, model, length, ...(name !== 'plain' && { strategy: draftModel({ model: drafting }) }) })
}
const bare = await models()
open.push(bare.model, bare.drafting)
console.log(`${bare.model.description}\n${bare.drafting.description}\n${inflationNote}\n`)

/** Milliseconds of bare passes: of the target by width, and of the draft over one token. */
const passMs = new Map<number, number[]>([1, ...lengths.map((gamma) => gamma + 1)].map((width) => [width, []]))
const stepMs: number[] = []

/** Plain decoding that times passes of other widths on its way. */
async function* probe(text: string): AsyncGenerator<SoFar, SoFar> {
  const { model, drafting } = bare
  const [sequence, drafter] = [await model.createSequence(), await drafting.createSequence()]
  try {
    const prompt = model.tokenizer.encode(text, { start: true })
    await sequence.forward(prompt.slice(0, -1), { outputs: 'none' })
    await drafter.forward(prompt.slice(0, -1), { outputs: 'none' })
    let token = prompt.at(-1)!
    for (let said = 0; said < maxTokens; said++) {
      for (const width of [...passMs.keys()].filter((width) => width > 1)) {
        // One width at a place, in turn: as many as the rounds of a generation have.
        if (width !== lengths[said % lengths.length]! + 1) continue
        const { length } = sequence
        passMs.get(width)!.push(await timed(() => sequence.forward(Array(width).fill(token), { outputs: 'all' })))
        await sequence.truncate(length)
      }
      // The draft's second step, as in a draft: the target's pass has driven its weights out of the cache.
      const { length } = drafter
      await drafter.forward([token])
      stepMs.push(await timed(() => drafter.forward([token])))
      await drafter.truncate(length)
      await drafter.forward([token])
      const started = performance.now()
      const rows = await sequence.forward([token], { outputs: 'last' })
      passMs.get(1)!.push(performance.now() - started)
      token = rows.argmax(0)
      yield { tokens: said + 1, ms: 0 }
    }
    return { tokens: maxTokens, ms: 0 }
  } finally {
    await sequence.dispose()
    await drafter.dispose()
  }
}

async function timed(pass: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await pass()
  return performance.now() - started
}

const prompts = (await builtInPrompts([values.content])).slice(0, Number(values.prompts) + 1)
const tracks: Track<Decoded>[][] = sides.map(() => [])
for (const [index, { id, text }] of prompts.entries()) {
  // The first prompt warms up.
  if (index === 1) for (const times of [...passMs.values(), stepMs]) times.length = 0
  const generations = sides.map(({ model, strategy, length }) =>
    decodeRounds({ model, prompt: text, strategy, length, temperature: 0, minTokens: maxTokens, maxTokens }),
  )
  const all = await inStep<SoFar>([...generations, probe(text)])
  if (index > 0) for (const side of sides.keys()) tracks[side]!.push(all[side] as Track<Decoded>)
  console.error(id)
}
for (const model of open.toReversed()) await model.dispose()

const t = new Map([...passMs].map(([width, times]) => [width, mean(times)]))
const plain = t.get(1)!
const c = mean(stepMs) / plain
console.log(
  `T(1) ${plain.toFixed(2)} ms, c ${c.toFixed(3)}, ` +
    lengths.map((gamma) => `T(${gamma + 1})/T(1) ${(t.get(gamma + 1)! / plain).toFixed(2)}`).join(', '),
)
const times = tracks.map((side) => side.flatMap((track) => stretches(track, stretch)))
const total = (list: readonly number[]): number => list.reduce((sum, ms) => sum + ms, 0)
const report = sides.slice(1).map(({ name }, index) => {
  const stats = tracks[index + 1]!.map(({ result }) => result.result.stats)
  const sum = (of: (each: (typeof stats)[number]) => number): number => total(stats.map(of))
  const accepted = sum((each) => each.accepted)
  const passes = sum((each) => each.passes)
  // alpha of all texts together: of the tokens that were judged, those that were accepted.
  const alpha = accepted / sum((each) => (each.accepted > 0 ? each.accepted / each.alpha : each.passes))
  const gamma = Number(name)
  const speedup = total(times[0]!) / total(times[index + 1]!)
  const roundMs = gamma * c * plain + (t.get(gamma + 1) ?? NaN)
  return {
    length: name,
    alpha,
    tau: (accepted + passes) / passes,
    draftedPerPass: sum((each) => each.drafted) / passes,
    speedup,
    interval: ratioInterval(times[0]!, times[index + 1]!),
    /** What alpha, c and T(n) allow, and the same with the tokens that really came of a pass. */
    allowed: Number.isNaN(gamma) ? NaN : (expectedTokens(alpha, gamma) * plain) / roundMs,
    allowedByTau: Number.isNaN(gamma) ? NaN : ((accepted + passes) / passes) * (plain / roundMs),
  }
})
for (const { length, alpha, tau, draftedPerPass, speedup, interval, allowed, allowedByTau } of report) {
  const formula = Number.isNaN(allowed)
    ? ''
    : `, the formula allows ${allowed.toFixed(2)}x: ${((100 * speedup) / allowed).toFixed(1)} % of it ` +
      `(with tau as it came ${allowedByTau.toFixed(2)}x: ${((100 * speedup) / allowedByTau).toFixed(1)} %)`
  console.log(
    `gamma ${length.padEnd(9)} alpha ${alpha.toFixed(3)} tau ${tau.toFixed(2)} drafted ${draftedPerPass.toFixed(1)}: ` +
      `${speedup.toFixed(2)}x (${interval.low.toFixed(2)}-${interval.high.toFixed(2)})${formula}`,
  )
}
if (values.json) {
  await writeFile(
    values.json,
    JSON.stringify({ ...values, passMs: Object.fromEntries(t), stepMs: mean(stepMs), c, report }, null, 2),
  )
}
