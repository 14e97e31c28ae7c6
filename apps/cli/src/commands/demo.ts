import { ForetokenError, type LanguageModel } from '@foretoken/core'
import { Command, Option } from 'commander'
import { compare } from '../demo/compare.js'
import { noteOn, prepare } from '../demo/prepare.js'
import { prepareKernels } from '../models/kernels.js'
import { demoLines, demoReport } from '../demo/report.js'
import type { Size } from '../demo/sizes.js'
import { exitCodes, type ExitCode } from '../failure.js'
import { findModels } from '../models/find.js'
import { openModel, openTarget } from '../models/load.js'
import {
  type DraftingFlags,
  jsonOption,
  lengthOption,
  type ModelFlags,
  modelOptions,
  sizeOption,
  whole,
} from '../options.js'
import { paintFor, printJson, printLine, type Terminal } from '../terminal/terminal.js'
import { addOptions, type Run } from './command.js'

interface Flags extends ModelFlags, Partial<Pick<DraftingFlags, 'length'>> {
  readonly size?: Size
  readonly rounds?: number
  readonly maxTokens?: number
  readonly json?: boolean
}

export function demoCommand(run: Run): Command {
  const command = new Command('demo').description(
    'plain against speculative decoding on the same prompts, side by side',
  )
  addOptions(command, [
    sizeOption('350m'),
    new Option('-r, --rounds <n>', 'rounds of two prompts each (default: as many as take about a minute)').argParser(
      whole(1),
    ),
    new Option('-n, --max-tokens <n>', 'the most tokens of a text (default: as many as take about a minute)').argParser(
      whole(2),
    ),
    lengthOption().default(undefined, 'the best for the measured times'),
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
  const files = await findModels(flags, terminal)
  if (files.draft === undefined) {
    throw new ForetokenError('invalid-argument', 'The demo needs a draft: pass --draft as well.')
  }
  // A model of one's own is shown as it is.
  const prepared = await prepare(files, flags.size ?? (files.demo ? undefined : 'none'), terminal)
  if (files.backend === 'llama') await prepareKernels(prepared.target, flags.gpu, terminal)
  // The demo's texts are short, and a small cache leaves memory for weights.
  const load = { ...flags, context: flags.context ?? 1024 }
  const target = await openTarget(prepared.target, load, terminal)
  let draft: LanguageModel | undefined
  try {
    draft = await openModel(prepared.draft!, load, terminal)
    const { interrupted, ...measured } = await compare({ ...flags, target, draft }, terminal)
    const report = demoReport({ ...measured, note: noteOn(files.demo, prepared) })
    if (flags.json) printJson(terminal.out, report)
    else for (const line of demoLines(report, measured.gamma, paintFor(terminal, 'out'))) printLine(terminal.out, line)
    if (report.forks.some(({ verdict }) => verdict === 'bug')) return exitCodes.failed
    return interrupted ? exitCodes.interrupted : exitCodes.ok
  } finally {
    await draft?.dispose()
    await target.dispose()
  }
}
