/** What `foretoken serve` gives several clients at once, beside llama-server: `npm run bench:serve`. See README.md. */
import { writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { describeFailure, exitCodes } from '../../apps/cli/src/failure.js'
import { onInterrupt } from '../../apps/cli/src/interrupt.js'
import { turns } from '../../apps/cli/src/measure/contest.js'
import { number, plural } from '../../apps/cli/src/terminal/format.js'
import { inflationNote } from '../../packages/demo-models/src/index.js'
import { buildLlamaCpp } from '../peers/llama-cpp/build.js'
import { modelFiles } from '../peers/models.js'
import { burst, throughput } from './burst.js'
import { chosen, type LlamaSide, openLlamaSide, type Trial, tryAll } from './llama-server.js'
import { help, type Options, readOptions } from './options.js'
import { foretoken } from './ours.js'
import { openRounds } from './prompts.js'
import { reportLines } from './report.js'
import { ratiosOf, rowsOf, type Run } from './results.js'
import { namesOf, type Setup, type Side } from './side.js'

const contextSize = 1024

const say = (line: string): void => void process.stderr.write(`${line}\n`)

async function main(options: Options, signal: AbortSignal): Promise<void> {
  const { size, threads, maxTokens, requests, llamaServer } = options
  // The first round is for what starts slowly, and for llama-server's settings to be tried on.
  const rounds = await openRounds(1 + options.rounds, options, signal)
  const files = await modelFiles(size)
  const bin = llamaServer ? (await buildLlamaCpp(signal)).bin : undefined
  const common = { ...files, threads, maxTokens, contextSize, signal }
  const runs: Run[] = []
  const trials: (Trial & { readonly clients: number })[] = []
  for (const clients of options.clients) {
    const setup = { ...common, slots: clients }
    const tried = bin === undefined ? [] : await tryAll(bin, setup, rounds[0]!, (trial) => say(trialLine(trial, setup)))
    trials.push(...tried.map((trial) => ({ clients, ...trial })))
    runs.push(...(await compare(setup, rounds, bin === undefined ? undefined : { bin, tried })))
  }
  const report = {
    about: [
      `target ${basename(files.target)}, draft ${basename(files.draft)}`,
      `${plural(threads, 'thread')} each, CPU only, ${plural(requests, 'request')} a round, ${maxTokens} tokens each, greedy`,
      ...(size === 'none' ? [] : [inflationNote]),
    ],
    rows: rowsOf(runs),
    ratios: ratiosOf(runs),
  }
  process.stdout.write(`${reportLines(report).join('\n')}\n`)
  if (options.json)
    await writeFile(options.json, `${JSON.stringify({ ...options, ...report, runs, trials }, undefined, 2)}\n`)
}

/** Starts what is to be compared, and lets the sides take turns, round by round. */
async function compare(
  setup: Setup,
  [first, ...counting]: readonly (readonly string[])[],
  llama: { readonly bin: string; readonly tried: readonly Trial[] } | undefined,
): Promise<Run[]> {
  const ours = await foretoken(setup)
  const theirs: LlamaSide[] = []
  try {
    for (const { setting, roles } of chosen(llama?.tried ?? [])) {
      theirs.push(await openLlamaSide(llama!.bin, setup, setting, roles))
    }
    const sides = [...ours.sides, ...theirs]
    for (const side of sides) await oneRound(side, setup, first!, 'warming up')
    const runs: Run[] = []
    for (const [round, prompts] of counting.entries()) {
      for (const turn of turns(sides.length, round)) {
        const side = sides[turn]!
        const result = await oneRound(side, setup, prompts, `round ${round + 1}/${counting.length}`)
        const { setting } = side
        runs.push(...side.roles.map((role) => ({ clients: setup.slots, round, role, setting, ...result })))
      }
    }
    return runs
  } finally {
    await ours.stop()
    for (const side of theirs) await side.stop()
  }
}

async function oneRound(side: Side, { slots, maxTokens, signal }: Setup, prompts: readonly string[], phase: string) {
  signal.throwIfAborted()
  const result = await burst(prompts, { clients: slots, maxTokens, ask: side.ask })
  const who = side.roles.map((role) => namesOf[role]).join(' and ')
  say(`${plural(slots, 'client')}, ${phase}: ${who}, ${side.setting}: ${number(throughput(result))} tokens/s`)
  return result
}

function trialLine({ setting, burst, why }: Trial, { slots }: Setup): string {
  const what = burst ? `${number(throughput(burst))} tokens/s` : `FAILED and is left out: ${why}`
  return `${plural(slots, 'client')}, choosing: llama-server, ${setting}: ${what}`
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
