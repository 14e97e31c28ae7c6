import { writeFile } from 'node:fs/promises'
import { ForetokenError, type LanguageModel } from '@foretoken/core'
import { promptKinds } from '@foretoken/demo-models'
import { Command, Option } from 'commander'
import { checkConfigurations, type Configuration, parseConfiguration } from '../bench/configuration.js'
import { chooseAll, type Chosen, contendersOf, entrantsOf, openDrafts } from '../bench/open.js'
import { benchLines, benchPlot, benchRows, type Entrant } from '../bench/report.js'
import { type Schedule, schedule } from '../bench/schedule.js'
import { noteOn, prepare } from '../demo/prepare.js'
import { type Size, sizes } from '../demo/sizes.js'
import { exitCodes, type ExitCode, Interrupted } from '../failure.js'
import { type Contender, type Heat, heat } from '../measure/contest.js'
import { tokensPerSecond } from '../measure/decode.js'
import { passCurve, type PassTime } from '../measure/pass-curve.js'
import type { TimedModel } from '../measure/timed.js'
import { modelFiles } from '../models/files.js'
import { openModel } from '../models/load.js'
import { builtInPrompts, promptsFrom } from '../models/prompts.js'
import {
  type DraftingFlags,
  draftingOptions,
  jsonOption,
  type LimitFlags,
  limitOptions,
  type ModelFlags,
  modelOptions,
  parsed,
  type SamplingFlags,
  samplingOptions,
  whole,
} from '../options.js'
import { barPlot } from '../plot/bars.js'
import { number } from '../terminal/format.js'
import { paintFor, printJson, printLine, type Terminal } from '../terminal/terminal.js'
import { addOptions, type Run } from './command.js'

interface Flags extends ModelFlags, DraftingFlags, SamplingFlags, LimitFlags {
  readonly config?: readonly Configuration[]
  readonly content?: readonly string[]
  readonly prompts?: string
  readonly rounds: number
  readonly size?: Size
  readonly save?: string
  readonly svg?: string
  readonly json?: boolean
}

export function benchCommand(run: Run): Command {
  const command = new Command('bench').description('ways of decoding compared, in turns, on prompts that are never used twice')
  addOptions(command, [
    new Option('-c, --config <name=strategy,…>', 'a configuration to compare; repeat it; the first is the baseline (default: plain, draft-model, prompt-lookup)')
      .argParser((text: string, previous: readonly Configuration[] | undefined) => [...(previous ?? []), parsed(parseConfiguration)(text)]),
    new Option('--content <kinds>', `kinds of prompts: any of ${promptKinds.join(',')}`).argParser((text) => text.split(',').map((kind) => kind.trim())),
    new Option('--prompts <file>', 'prompts of your own: a JSON array of texts, or of { "text", "id", "kind" }').conflicts('content'),
    new Option('-r, --rounds <n>', 'prompts of each kind').default(4).argParser(whole(1)),
    new Option('--size <size>', 'inflate the models to this size; none: as they are (default: 350m for the demo models)').choices(sizes),
    new Option('--save <file>', 'write the measurements to a JSON file'),
    new Option('--svg <file>', 'draw the speed-ups into an SVG file'),
    jsonOption('print the measurements as JSON'),
    ...modelOptions(),
    ...draftingOptions().filter(({ long }) => long !== '--strategy'),
    ...samplingOptions(),
    ...limitOptions(64),
  ])
  return command
    .addHelpText(
      'after',
      `
A configuration is name=strategy, then any of length=…, draft=…, draft-temperature=…, separated by commas.

Examples:
  $ foretoken bench --content code --rounds 8 --svg speed-up.svg
  $ foretoken bench -m target.gguf -d draft.gguf -c plain=none -c four=draft-model -c eight=draft-model,length=8
  $ foretoken bench -c plain=none -c mine=./my-strategy.ts --prompts prompts.json --save results.json

Exit codes: 0 ok, 1 the run failed, 2 bad input, 130 interrupted (what was measured until then is shown).`,
    )
    .action((flags: Flags) => run((terminal) => runBench(flags, terminal)))
}

async function runBench(flags: Flags, terminal: Terminal): Promise<ExitCode> {
  const files = modelFiles(flags)
  const configurations = checkConfigurations(flags.config ?? [], files.draft !== undefined)
  const prompts = flags.prompts ? await promptsFrom(flags.prompts) : await builtInPrompts(flags.content ?? promptKinds)
  const plan = schedule(prompts, flags.rounds)
  const prepared = await prepare(files, flags.size ?? (files.demo ? undefined : 'none'), terminal)
  const chosen = await chooseAll(configurations, { ...flags, draft: prepared.draft })

  const model = await openModel(prepared.target, flags, terminal)
  const drafts = await openDrafts(chosen, flags, terminal).catch(async (error: unknown) => {
    await model.dispose()
    throw error
  })
  try {
    return await compare(flags, { model, drafts, chosen, plan, note: noteOn(files.demo, prepared) }, terminal)
  } finally {
    for (const draft of drafts.values()) await draft.dispose()
    await model.dispose()
  }
}

interface Bench {
  readonly model: LanguageModel
  readonly drafts: ReadonlyMap<string, TimedModel>
  readonly chosen: readonly Chosen[]
  readonly plan: Schedule
  readonly note: string | undefined
}

async function compare(flags: Flags, bench: Bench, terminal: Terminal): Promise<ExitCode> {
  const { model, plan } = bench
  const { signal } = terminal
  const contenders = contendersOf(bench.chosen, bench.drafts, flags)
  const context = model.tokenizer.encode(plan.warmUp.text, { start: true })
  const entrants = await entrantsOf(bench.chosen, contenders, context, signal)
  const widths = [1, 2, 3, 4, 5, 6, 8, ...entrants.map(({ gamma }) => (gamma ?? 0) + 1)]
  const curve = await passCurve({ model, widths, context, patienceMs: 20_000, signal })

  const { heats, interrupted } = await runHeats(flags, model, contenders, plan, terminal)
  await report(flags, bench, { heats, entrants, curve }, terminal)
  return interrupted ? exitCodes.interrupted : exitCodes.ok
}

async function runHeats(flags: Flags, model: LanguageModel, contenders: readonly Contender[], plan: Schedule, terminal: Terminal) {
  const { temperature, topK, topP, minP, seed, maxTokens, stop } = flags
  const generate = { temperature, topK, topP, minP, seed, maxTokens, stop }
  const { signal } = terminal
  const heats: Heat[] = []
  try {
    await heat({ model, contenders, prompt: plan.warmUp, index: 0, generate: { ...generate, maxTokens: 8 }, signal })
    for (const [round, prompts] of plan.rounds.entries()) {
      for (const prompt of prompts) {
        const done = await heat({ model, contenders, prompt, index: round, generate, signal })
        heats.push(done)
        const rates = done.runs.map((run) => `${run.contender} ${number(tokensPerSecond([run]))}`).join(', ')
        printLine(terminal.err, `round ${round + 1}/${plan.rounds.length} ${prompt.kind} ${prompt.id}: ${rates} tok/s`)
      }
    }
  } catch (error) {
    if (!(error instanceof Interrupted) || heats.length === 0) throw error
    return { heats, interrupted: true }
  }
  return { heats, interrupted: false }
}

interface Measured {
  readonly heats: readonly Heat[]
  readonly entrants: readonly Entrant[]
  readonly curve: readonly PassTime[]
}

async function report(flags: Flags, { model, drafts, note }: Bench, measured: Measured, terminal: Terminal): Promise<void> {
  const { heats, entrants, curve } = measured
  const rows = benchRows(heats, entrants, curve)
  const { temperature, maxTokens } = flags
  const data = {
    target: model.description,
    drafts: [...drafts.values()].map(({ description }) => description),
    note,
    temperature,
    maxTokens,
    configurations: entrants,
    passes: curve,
    results: rows,
    runs: heats.map(({ runs, ...about }) => ({
      ...about,
      runs: runs.map(({ contender, tokens, ms, prefillMs, result }) => ({ contender, tokens, ms, prefillMs, stats: result.stats })),
    })),
  }
  if (flags.json) {
    printJson(terminal.out, data)
  } else {
    const paint = paintFor(terminal, 'out')
    printLine(terminal.out, `\ntarget  ${data.target}${data.drafts.map((draft) => `\ndraft   ${draft}`).join('')}\n`)
    for (const line of benchLines(rows, curve, paint)) printLine(terminal.out, line)
    if (note) printLine(terminal.out, paint.dim(`\n${note}`))
  }
  if (flags.save) await save(flags.save, `${JSON.stringify(data, undefined, 2)}\n`)
  if (flags.svg) await save(flags.svg, barPlot(benchPlot(rows, entrants, { model: data.target, notes: note ? [note] : [] })))
}

async function save(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text)
  } catch (cause) {
    throw new ForetokenError('invalid-argument', `${file} cannot be written: ${(cause as Error).message}.`, { cause })
  }
}
