import { randomInt } from 'node:crypto'
import { promptKinds } from '@foretoken/demo-models'
import { verifiers } from '@foretoken/core'
import { Command, Option } from 'commander'
import { checkConfigurations, type Configuration, parseConfiguration, usualNames } from '../bench/configuration.js'
import { chooseAll, openDrafts } from '../bench/open.js'
import { benchData } from '../bench/data.js'
import { type Destinations, outputBench } from '../bench/output.js'
import { withOwnEdits } from '../bench/own-edits.js'
import { runBench } from '../bench/run.js'
import { schedule, type Schedule } from '../bench/schedule.js'
import { lossyNote } from '../describe-stats.js'
import { noteOn, prepare } from '../demo/prepare.js'
import type { Size } from '../demo/sizes.js'
import { exitCodes, type ExitCode } from '../failure.js'
import type { TimedModel } from '../measure/timed.js'
import { findModels } from '../models/find.js'
import { openModel, openTarget } from '../models/load.js'
import { builtInPrompts, promptsFrom } from '../models/prompts.js'
import {
  decimal,
  type DraftingFlags,
  draftingOptions,
  jsonOption,
  type LimitFlags,
  limitOptions,
  type ModelFlags,
  modelOptions,
  parsed,
  promptsOption,
  sizeOption,
  svgOption,
  whole,
} from '../options.js'
import { replayOption } from '../replay/option.js'
import { replayFounding } from '../replay/replay.js'
import { type SamplingFlags, samplingOptions, samplingOf } from '../sampling-options.js'
import type { Terminal } from '../terminal/terminal.js'
import { addOptions, type Run } from './command.js'

interface Flags extends ModelFlags, DraftingFlags, Omit<SamplingFlags, 'temperature'>, LimitFlags, Destinations {
  readonly config?: readonly Configuration[]
  readonly content?: readonly string[]
  readonly prompts?: string
  readonly rounds: number
  readonly temperatures: readonly number[]
  readonly size?: Size
  readonly replay?: 'founding'
}

export function benchCommand(run: Run): Command {
  const command = new Command('bench').description(
    'ways of decoding compared, in turns, on prompts that are never used twice',
  )
  addOptions(command, [
    new Option(
      '-c, --config <name=strategy,…>',
      `a configuration to compare; repeat it; the first is the baseline (default: ${usualNames.join(', ')})`,
    ).argParser((text: string, previous: readonly Configuration[] | undefined) => [
      ...(previous ?? []),
      parsed(parseConfiguration)(text),
    ]),
    new Option('--content <kinds>', `kinds of prompts: any of ${promptKinds.join(',')}`).argParser((text) =>
      text.split(',').map((kind) => kind.trim()),
    ),
    promptsOption().conflicts('content'),
    new Option('-t, --temperatures <list>', 'temperatures to measure at; 0 always takes the likeliest token')
      .default([0, 0.7, 1], '0,0.7,1')
      .argParser(temperatureList),
    new Option('-r, --rounds <n>', 'prompts of each kind').default(4).argParser(whole(1)),
    sizeOption('350m for the demo models'),
    new Option('--save <file>', 'write the measurements to a JSON file'),
    svgOption('draw the speed-ups into an SVG file'),
    new Option('--html <file>', 'write a page with drawings, tables, and what was measured on what'),
    jsonOption('print the measurements as JSON'),
    replayOption(),
    ...modelOptions(),
    ...draftingOptions().filter(({ long }) => long !== '--strategy'),
    ...samplingOptions().filter(({ long }) => long !== '--temperature'),
    ...limitOptions(48),
  ])
  return command
    .addHelpText(
      'after',
      `
A configuration is name=strategy, then any of length=…, draft=…, draft-temperature=…, separated by commas.

Texts do not end before --max-tokens, unless --min-tokens says so.

Every kind of content at every temperature takes --rounds prompts, each of them once in every configuration.
As it is, on the demo models inflated to 350m, that takes about a quarter of an hour on two cores. Shorter: fewer kinds
(--content code,edits), temperatures (-t 0), --rounds, or configurations (-c). The time left is told as it runs,
and Ctrl-C shows what was measured until then.

--replay founding repeats how speculative decoding came home in 2023: a target in F16, a draft that takes 1/8 of its time,
greedy, on code. Without --model it takes the demo pair, inflated to the largest size that memory and disk hold. With the
models of then take the Python variant of the 7B: the plain one has 16 tokens that the 34B has not.

Examples:
  $ foretoken bench --html bench.html
  $ foretoken bench --content code -t 0 --rounds 8 --svg speed-up.svg
  $ foretoken bench -m target.gguf -d draft.gguf -c plain=none -c four=draft-model -c eight=draft-model,length=8
  $ foretoken bench -c plain=none -c mine=./my-strategy.ts --prompts prompts.json --save results.json
  $ foretoken bench --replay founding --svg founding.svg
  $ foretoken bench --replay founding -m codellama-34b.fp16.gguf -d codellama-7b-python.Q4_0.gguf

Exit codes: 0 ok, 1 the run failed, 2 bad input, 130 interrupted (what was measured until then is shown).`,
    )
    .action((flags: Flags) => run((terminal) => (flags.replay ? replayFounding : bench)(flags, terminal)))
}

async function bench(flags: Flags, terminal: Terminal): Promise<ExitCode> {
  const files = await findModels(flags, terminal)
  const configurations = checkConfigurations(flags.config ?? [], files.draft !== undefined)
  const prompts = flags.prompts ? await promptsFrom(flags.prompts) : await builtInPrompts(flags.content ?? promptKinds)
  const plan = schedule(prompts, flags.rounds)
  // Once to refuse what is wrong before gigabytes are written, then with the files that came out.
  await chooseAll(configurations, { ...flags, draft: files.draft })
  const prepared = await prepare(files, flags.size ?? (files.demo ? undefined : 'none'), terminal)
  const chosen = await chooseAll(configurations, { ...flags, draft: prepared.draft })

  const model = await openTarget(prepared.target, flags, terminal)
  let drafts = new Map<string, TimedModel>()
  try {
    drafts = await openDrafts(chosen, flags, terminal)
    const { temperatures, maxTokens, stop } = flags
    // Told in the results, so that the run can be had again.
    const seed = flags.seed ?? randomInt(2 ** 31)
    // Texts of one length: what a model says in eight tokens is over before anything can be measured.
    const { minTokens = maxTokens } = flags
    const generate = { ...samplingOf(flags), minTokens, maxTokens, stop, seed }
    const predicts = configurations.some(({ strategy }) => strategy === 'prediction')
    const fitting = files.demo && predicts ? await ownEdits(plan, files.target, flags, terminal) : plan
    const options = { model, drafts, chosen, drafting: flags, plan: fitting, temperatures, generate }
    const measured = await runBench(options, terminal)
    const notes = [
      noteOn(files.demo, prepared),
      predicts && files.demo ? ownEditsNote : undefined,
      lossyMark(flags.verifier),
    ].filter((note) => note !== undefined)
    await outputBench(benchData(options, measured, notes), flags, terminal)
    return measured.interrupted ? exitCodes.interrupted : exitCodes.ok
  } finally {
    for (const draft of drafts.values()) await draft.dispose()
    await model.dispose()
  }
}

const ownEditsNote =
  'The demo target does not follow instructions: for the strategy prediction, the text before an edit is its own text with one line in eight changed.'

async function ownEdits(plan: Schedule, target: string, flags: Flags, terminal: Terminal): Promise<Schedule> {
  const model = await openModel(target, flags, terminal)
  try {
    return await withOwnEdits(plan, {
      model,
      minTokens: flags.maxTokens,
      maxTokens: flags.maxTokens,
      signal: terminal.signal,
    })
  } finally {
    await model.dispose()
  }
}

function temperatureList(text: string): number[] {
  return [...new Set(text.split(',').map(decimal(0, 100)))]
}

function lossyMark(verifier: Flags['verifier']): string | undefined {
  const chosen = typeof verifier === 'string' ? verifiers[verifier] : verifier
  return chosen && 'lossy' in chosen && chosen.lossy ? lossyNote(chosen.name) : undefined
}
