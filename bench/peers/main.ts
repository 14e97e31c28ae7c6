/** Foretoken beside other programs, on the same files: `npm run bench:peers`. See README.md. */
import { writeFile } from 'node:fs/promises'
import { describeFailure, exitCodes } from '../../apps/cli/src/failure.js'
import { onInterrupt } from '../../apps/cli/src/interrupt.js'
import { number, plural } from '../../apps/cli/src/terminal/format.js'
import { inflationNote } from '../../packages/demo-models/src/index.js'
import { choose, type Choice, speed } from './choice.js'
import type { Contender, Peer, Setup } from './contender.js'
import { buildLlamaCpp } from './llama-cpp/build.js'
import { llamaServer } from './llama-cpp/server.js'
import { speculativeSimple } from './llama-cpp/speculative-simple.js'
import { nodeLlamaCpp } from './node-llama-cpp/peer.js'
import { help, type Options, type PeerName, readOptions } from './options.js'
import { modelFiles } from './models.js'
import { foretoken } from './ours.js'
import { longPrompts, split } from './prompts.js'
import { type Failure, race, type Run } from './race.js'
import { reportLines, reportPage } from './report.js'
import { comparisons, results } from './results.js'
import { transformersJs } from './transformers/peer.js'

const say = (line: string): void => void process.stderr.write(`${line}\n`)

async function main(options: Options, signal: AbortSignal): Promise<void> {
  const { choosing, counting } = split(await longPrompts(options, signal))
  const setup: Setup = {
    ...(await modelFiles(options.size)),
    ...{ threads: options.threads, maxTokens: options.maxTokens, temperature: options.temperature },
    contextSize: 1024,
    seed: 1,
    signal,
  }
  const ours = await foretoken(setup)
  const peers: Peer[] = [ours]
  try {
    for (const name of options.peers) peers.push(await open(name, setup))
    const contenders = peers.flatMap((peer) => peer.contenders)

    // What starts slowly does so now.
    const warmUps = peers.flatMap(({ contenders }) => contenders.slice(0, 1))
    await race(choosing.slice(0, 1), () => warmUps, watch('warming up', warmUps.length, signal))
    const first = await race(choosing, () => contenders, watch('choosing', choosing.length * contenders.length, signal))
    const choices = choose(first.runs)
    const wanted = (kind: string): Contender[] =>
      contenders.filter(
        (each) => !hasFailed(each, first.failures) && (each.role !== 'tuned' || isChosen(each, kind, choices)),
      )
    const kept = new Set(options.content.flatMap(wanted))
    for (const contender of contenders) if (!kept.has(contender)) await contender.close?.()

    const planned = counting.reduce((sum, { kind }) => sum + wanted(kind).length, 0)
    const second = await race(counting, wanted, watch('counting', planned, signal))
    const report = {
      about: [
        ...ours.descriptions.map((description, i) => `${i === 0 ? 'target' : 'draft'}  ${description}`),
        `${plural(options.threads, 'thread')} each, CPU only, ${options.maxTokens} tokens, temperature ${options.temperature}`,
        ...(options.size === 'none' ? [] : [inflationNote]),
      ],
      results: results(second.runs, choices),
      comparisons: comparisons(second.runs, choices),
      failures: [...first.failures, ...second.failures],
      greedy: options.temperature === 0,
    }
    process.stdout.write(`${reportLines(report).join('\n')}\n`)
    const data = { ...options, ...report, choices, choosing: first.runs, counting: second.runs }
    if (options.json) await writeFile(options.json, `${JSON.stringify(data, undefined, 2)}\n`)
    if (options.html) await writeFile(options.html, reportPage(report))
  } finally {
    await Promise.all(peers.map((peer) => peer.close?.()))
  }
}

async function open(name: PeerName, setup: Setup): Promise<Peer> {
  switch (name) {
    case 'llama-speculative-simple':
      return speculativeSimple((await buildLlamaCpp(setup.signal)).bin, setup)
    case 'llama-server':
      return llamaServer((await buildLlamaCpp(setup.signal)).bin, setup)
    case 'node-llama-cpp':
      return nodeLlamaCpp(setup)
    case 'transformers.js':
      return transformersJs(setup)
  }
}

function hasFailed({ peer, name }: Contender, failures: readonly Failure[]): boolean {
  return failures.some((failure) => failure.peer === peer && failure.setting === name)
}

function isChosen({ peer, name }: Contender, kind: string, choices: readonly Choice[]): boolean {
  return choices.some((choice) => choice.kind === kind && choice.peer === peer && choice.setting === name)
}

/** Tells of each text as it comes. */
function watch(phase: string, planned: number, signal: AbortSignal) {
  let done = 0
  const began = performance.now()
  const line = (prompt: string, rest: string): void => {
    done++
    const left = ((performance.now() - began) / done) * (planned - done)
    say(`${phase} ${done}/${planned}, ${Math.ceil(left / 60_000)} min left: ${prompt}${rest}`)
  }
  return {
    signal,
    onRun: (run: Run) =>
      line(`${run.prompt}, `, `${run.peer}, ${run.setting}: ${number(speed(run))} tok/s, ${run.tokens} tokens`),
    onFailure: ({ peer, setting, why }: Failure) => line('', `${peer}, ${setting} FAILED and is left out: ${why}`),
  }
}

let code: number = exitCodes.ok
try {
  const options = readOptions(process.argv.slice(2))
  if (options) await main(options, onInterrupt())
  else process.stdout.write(help)
} catch (error) {
  const failure = describeFailure(error, Boolean(process.env.FORETOKEN_DEBUG))
  for (const line of failure.lines) say(line)
  code = failure.code
}
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)))
