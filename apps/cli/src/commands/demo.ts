import { draftModel, ForetokenError, type LanguageModel } from '@foretoken/core'
import { Command, Option } from 'commander'
import { explainForks } from '../demo/forks.js'
import { planDemo } from '../demo/plan.js'
import { noteOn, prepare } from '../demo/prepare.js'
import { demoLines, demoReport, fixedGamma } from '../demo/report.js'
import { createShow } from '../demo/show.js'
import { type Size, sizes } from '../demo/sizes.js'
import { exitCodes, type ExitCode, Interrupted } from '../failure.js'
import { type Contender, type Heat, heat } from '../measure/contest.js'
import { passCurve } from '../measure/pass-curve.js'
import { timed } from '../measure/timed.js'
import { modelFiles } from '../models/files.js'
import { openModel } from '../models/load.js'
import { builtInPrompts } from '../models/prompts.js'
import { type DraftingFlags, draftingOptions, jsonOption, type ModelFlags, modelOptions, whole } from '../options.js'
import { duration } from '../terminal/format.js'
import { paintFor, printJson, printLine, type Terminal } from '../terminal/terminal.js'
import { addOptions, type Run } from './command.js'

interface Flags extends ModelFlags, Pick<DraftingFlags, 'length'> {
  readonly size?: Size
  readonly rounds?: number
  readonly maxTokens?: number
  readonly json?: boolean
}

export function demoCommand(run: Run): Command {
  const command = new Command('demo').description('plain against speculative decoding on the same prompts, side by side')
  addOptions(command, [
    new Option('--size <size>', 'inflate the models to this size; none: as they are (default: 350m)').choices(sizes),
    new Option('-r, --rounds <n>', 'rounds of two prompts each (default: as many as take about a minute)').argParser(whole(1)),
    new Option('-n, --max-tokens <n>', 'the most tokens of a text (default: as many as take about a minute)').argParser(whole(2)),
    draftingOptions().find(({ long }) => long === '--length')!,
    jsonOption('print all measurements as JSON'),
    ...modelOptions(),
  ])
  return command
    .addHelpText(
      'after',
      `
Examples:
  $ foretoken demo
  $ foretoken demo --size 1.1b --length 6 --rounds 3
  $ foretoken demo --model target.gguf --draft draft.gguf

An inflated model computes exactly what a small one computes, at the memory traffic of a large one.
Inflated files are kept in the user's cache directory. Exit codes: 0 ok, 1 the run failed or a text
changed where it must not, 2 bad input, 130 interrupted.`,
    )
    .action((flags: Flags) => run((terminal) => runDemo(flags, terminal)))
}

async function runDemo(flags: Flags, terminal: Terminal): Promise<ExitCode> {
  const files = modelFiles(flags)
  if (files.draft === undefined) {
    throw new ForetokenError('invalid-argument', 'The demo needs a draft: pass --draft as well.')
  }
  // A model of one's own is shown as it is.
  const prepared = await prepare(files, flags.size ?? (files.demo ? undefined : 'none'), terminal)
  // The demo's texts are short, and a small cache leaves memory for weights.
  const load = { ...flags, context: flags.context ?? 1024 }
  const target = await openModel(prepared.target, load, terminal)
  try {
    const draft = await openModel(prepared.draft!, load, terminal)
    try {
      return await compare(flags, target, draft, noteOn(files.demo, prepared), terminal)
    } finally {
      await draft.dispose()
    }
  } finally {
    await target.dispose()
  }
}

async function compare(
  flags: Flags,
  target: LanguageModel,
  draftLanguageModel: LanguageModel,
  note: string | undefined,
  terminal: Terminal,
): Promise<ExitCode> {
  const { signal } = terminal
  const dim = paintFor(terminal, 'err').dim
  const draft = timed(draftLanguageModel)
  const { length } = flags
  const gamma = fixedGamma({ length })
  const contenders: Contender[] = [{ name: 'plain' }, { name: 'speculative', strategy: draftModel({ model: draft }), length, draft }]
  printLine(terminal.err, dim(`target  ${target.description}`))
  printLine(terminal.err, dim(`draft   ${draft.description}`))

  const prompts = await builtInPrompts(['code'])
  const context = target.tokenizer.encode(prompts[0]!.text, { start: true })
  const widths = [1, 2, (gamma ?? 7) + 1]
  const curve = await passCurve({ model: target, widths, context, patienceMs: 6000, signal })
  const [step] = await passCurve({ model: draft, widths: [1], context, repetitions: 15, patienceMs: 2000, signal })
  const plan = planDemo(flags, curve[0]!.ms)
  printLine(terminal.err, dim(`T(1) ${duration(curve[0]!.ms)}, a draft step ${duration(step!.ms)}: ${plan.pairs} pairs of ${plan.maxTokens} tokens\n`))

  const show = createShow(terminal)
  const heats: Heat[] = []
  let code: ExitCode = exitCodes.ok
  try {
    // The first pair warms both up and does not count.
    const warmUp = { id: 'warm-up', kind: 'code', text: prompts.at(-1)!.text.slice(0, 100) }
    await heat({ model: target, contenders, prompt: warmUp, index: 0, generate: { maxTokens: 6 }, sharePrompt: true, signal })
    for (let index = 0; index < plan.pairs; index++) {
      const prompt = prompts[index % prompts.length]!
      show.begin(`${index + 1}/${plan.pairs} ${prompt.id}`, prompt.text)
      const generate = { maxTokens: plan.maxTokens }
      const done = await heat({ model: target, contenders, prompt, index, generate, sharePrompt: true, signal, onEvent: show.event })
      show.end(done)
      heats.push(done)
    }
  } catch (error) {
    if (!(error instanceof Interrupted) || heats.length === 0) throw error
    code = exitCodes.interrupted
  }

  const texts = new Map(prompts.map(({ id, text }) => [id, text]))
  const unstopped = code === exitCodes.interrupted ? new AbortController().signal : signal
  const forks = await explainForks(target, heats, texts, (gamma ?? 7) + 1, unstopped)
  const report = demoReport({
    target: target.description,
    draft: draft.description,
    length: length.name,
    gamma,
    heats,
    curve,
    draftStepMs: step!.ms,
    forks,
    note,
  })
  if (flags.json) printJson(terminal.out, report)
  else for (const line of demoLines(report, gamma, paintFor(terminal, 'out'))) printLine(terminal.out, line)
  return forks.some(({ verdict }) => verdict === 'bug') ? exitCodes.failed : code
}
