import { fixedLength, ForetokenError, type LanguageModel } from '@foretoken/core'
import { promptKinds } from '@foretoken/demo-models'
import { Command, Option } from 'commander'
import { noteOn, prepare } from '../demo/prepare.js'
import type { Size } from '../demo/sizes.js'
import { exitCodes, type ExitCode } from '../failure.js'
import { findModels } from '../models/find.js'
import { openModel, openTarget } from '../models/load.js'
import { builtInPrompts, promptsFrom } from '../models/prompts.js'
import {
  type DraftingFlags,
  draftingOptions,
  lengthOption,
  jsonOption,
  type ModelFlags,
  modelOptions,
  promptsOption,
  sizeOption,
  svgOption,
  whole,
} from '../options.js'
import { stripPlot } from '../plot/strips.js'
import { save } from '../save.js'
import { chooseStrategy } from '../strategy/resolve.js'
import { createProgress } from '../terminal/progress.js'
import { paintFor, printJson, printLine, type Terminal } from '../terminal/terminal.js'
import { collect } from '../verify/collect.js'
import { verifyReport } from '../verify/report.js'
import { verifyLines, verifyPlot } from '../verify/show.js'
import { addOptions, type Run } from './command.js'

interface Flags extends ModelFlags, Pick<DraftingFlags, 'strategy' | 'length'> {
  readonly prompts?: string
  readonly tokens: number
  readonly size?: Size
  readonly json?: boolean
  readonly svg?: string
}

export function verifyCommand(run: Run): Command {
  const command = new Command('verify').description(
    'whether speculation says what plain decoding says, and where not, whether rounding or a bug is to blame',
  )
  addOptions(command, [
    promptsOption(),
    new Option('--tokens <n>', 'how many tokens to compare').default(10_000).argParser(whole(1)),
    sizeOption('none'),
    svgOption('draw how far logits were off into an SVG file'),
    jsonOption('print the report as JSON'),
    ...modelOptions(),
    // What drafts on and on finds more than what drafts where it pays.
    ...draftingOptions().filter(({ long }) => long === '--strategy'),
    lengthOption().default(fixedLength(4), '4'),
  ])
  return command
    .addHelpText(
      'after',
      `
Unless --strategy says otherwise the draft model drafts, or prompt-lookup without one, in every round.

Decodes greedily: plainly, one token a pass and never rolled back; then along the same text twice with
speculation, once as asked, once "misled", with drafts that are wrong on purpose, so that roll-backs of
every length happen. Behind a fork it goes on from the plain text: every token is compared, and so are
the logits behind it. How far the kernels' rounding goes is measured on the same texts, by passes as wide
as those of the speculation, where nothing is rolled back. A bug is:
  - a fork whose margin is more than twice that rounding: not a near-tie;
  - logits that are off by more than twice that rounding, whether or not a word changed;
  - "rounding" that comes near to what one token's logits differ from the next one's.

Examples:
  $ foretoken verify
  $ foretoken verify -m target.gguf -d draft.gguf --tokens 2000 --svg drift.svg
  $ foretoken verify --strategy ./my-strategy.ts --length 8 --json

Exit codes: 0 ok, 1 a bug, 2 bad input, 130 interrupted (what was compared until then is shown).`,
    )
    .action((flags: Flags) => run((terminal) => verify(flags, terminal)))
}

async function verify(flags: Flags, terminal: Terminal): Promise<ExitCode> {
  const files = await findModels(flags, terminal)
  const longest = Math.min(flags.length.max, 16)
  const strategy = await chooseStrategy(
    flags.strategy ?? (files.draft === undefined ? 'prompt-lookup' : 'draft-model'),
    {
      hasDraft: files.draft !== undefined,
    },
  )
  if (strategy.name === 'none' || longest < 1) {
    throw new ForetokenError('invalid-argument', 'Without drafts there is nothing to compare plain decoding with.')
  }
  const prompts = await (flags.prompts ? promptsFrom(flags.prompts) : builtInPrompts(promptKinds))
  const prepared = await prepare(files, flags.size ?? 'none', terminal)
  const model = await openTarget(prepared.target, flags, terminal)
  let draft: LanguageModel | undefined
  try {
    if (strategy.needsDraft) draft = await openModel(prepared.draft!, flags, terminal)
    const way = { strategy: strategy.create(draft)!, length: flags.length }
    const progress = createProgress(terminal, `comparing ${flags.tokens.toLocaleString('en-US')} tokens`)
    progress.update(0)
    const evidence = await collect({
      model,
      way,
      longest,
      prompts,
      tokens: flags.tokens,
      signal: terminal.signal,
      onProgress: (tokens) => progress.update(tokens / flags.tokens),
    })
    progress.done()
    const note = noteOn(files.demo, prepared)
    const report = verifyReport(evidence, { target: model.description, draft: draft?.description, longest, note })
    const plot = verifyPlot(report, evidence)
    if (flags.json) printJson(terminal.out, report)
    else for (const line of verifyLines(report, plot, paintFor(terminal, 'out'))) printLine(terminal.out, line)
    if (flags.svg) await save(flags.svg, stripPlot(plot))
    if (report.bugs.length > 0) return exitCodes.failed
    return evidence.interrupted ? exitCodes.interrupted : exitCodes.ok
  } finally {
    await draft?.dispose()
    await model.dispose()
  }
}
