import { promptKinds } from '@foretoken/demo-models'
import { verifiers } from '@foretoken/core'
import { Command, Option } from 'commander'
import { checkConfigurations, type Configuration, parseConfiguration } from '../bench/configuration.js'
import { chooseAll, openDrafts } from '../bench/open.js'
import { type Destinations, outputBench } from '../bench/output.js'
import { runBench } from '../bench/run.js'
import { schedule } from '../bench/schedule.js'
import { lossyNote } from '../describe-stats.js'
import { noteOn, prepare } from '../demo/prepare.js'
import type { Size } from '../demo/sizes.js'
import { exitCodes, type ExitCode } from '../failure.js'
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
  promptsOption,
  sizeOption,
  svgOption,
  whole,
} from '../options.js'
import { type SamplingFlags, samplingOptions, samplingOf } from '../sampling-options.js'
import type { Terminal } from '../terminal/terminal.js'
import { addOptions, type Run } from './command.js'

interface Flags extends ModelFlags, DraftingFlags, SamplingFlags, LimitFlags, Destinations {
  readonly config?: readonly Configuration[]
  readonly content?: readonly string[]
  readonly prompts?: string
  readonly rounds: number
  readonly size?: Size
}

export function benchCommand(run: Run): Command {
  const command = new Command('bench').description(
    'ways of decoding compared, in turns, on prompts that are never used twice',
  )
  addOptions(command, [
    new Option(
      '-c, --config <name=strategy,…>',
      'a configuration to compare; repeat it; the first is the baseline (default: plain, draft-model, prompt-lookup)',
    ).argParser((text: string, previous: readonly Configuration[] | undefined) => [
      ...(previous ?? []),
      parsed(parseConfiguration)(text),
    ]),
    new Option('--content <kinds>', `kinds of prompts: any of ${promptKinds.join(',')}`).argParser((text) =>
      text.split(',').map((kind) => kind.trim()),
    ),
    promptsOption().conflicts('content'),
    new Option('-r, --rounds <n>', 'prompts of each kind').default(4).argParser(whole(1)),
    sizeOption('350m for the demo models'),
    new Option('--save <file>', 'write the measurements to a JSON file'),
    svgOption('draw the speed-ups into an SVG file'),
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
    .action((flags: Flags) => run((terminal) => bench(flags, terminal)))
}

async function bench(flags: Flags, terminal: Terminal): Promise<ExitCode> {
  const files = modelFiles(flags)
  const configurations = checkConfigurations(flags.config ?? [], files.draft !== undefined)
  const prompts = flags.prompts ? await promptsFrom(flags.prompts) : await builtInPrompts(flags.content ?? promptKinds)
  const plan = schedule(prompts, flags.rounds)
  // Once to refuse what is wrong before gigabytes are written, then with the files that came out.
  await chooseAll(configurations, { ...flags, draft: files.draft })
  const prepared = await prepare(files, flags.size ?? (files.demo ? undefined : 'none'), terminal)
  const chosen = await chooseAll(configurations, { ...flags, draft: prepared.draft })

  const model = await openModel(prepared.target, flags, terminal)
  let drafts = new Map<string, TimedModel>()
  try {
    drafts = await openDrafts(chosen, flags, terminal)
    const { temperature, maxTokens, stop } = flags
    const generate = { ...samplingOf(flags), temperature, maxTokens, stop }
    const options = { model, drafts, chosen, drafting: flags, plan, generate }
    const measured = await runBench(options, terminal)
    const notes = [noteOn(files.demo, prepared), lossyMark(flags.verifier)].filter((note) => note !== undefined)
    await outputBench(options, measured, notes.length > 0 ? notes.join('\n') : undefined, flags, terminal)
    return measured.interrupted ? exitCodes.interrupted : exitCodes.ok
  } finally {
    for (const draft of drafts.values()) await draft.dispose()
    await model.dispose()
  }
}

function lossyMark(verifier: Flags['verifier']): string | undefined {
  const chosen = typeof verifier === 'string' ? verifiers[verifier] : verifier
  return chosen && 'lossy' in chosen && chosen.lossy ? lossyNote(chosen.name) : undefined
}
