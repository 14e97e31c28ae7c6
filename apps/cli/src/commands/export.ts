import { ForetokenError } from '@foretoken/core'
import { Argument, Command, Option } from 'commander'
import { hubModel } from '../export/model-name.js'
import { type ExportedModel, exportVllm, shellLine } from '../export/vllm.js'
import { exitCodes, type ExitCode } from '../failure.js'
import { demoNote, modelFiles } from '../models/files.js'
import { backendOf } from '../models/backend.js'
import { decimal, draftingOptions, jsonOption, type ModelFlags, modelOptions, whole } from '../options.js'
import { paintFor, printJson, printLine, type Terminal } from '../terminal/terminal.js'
import { addOptions, type Run } from './command.js'

interface Flags extends Pick<ModelFlags, 'model' | 'draft' | 'context'> {
  readonly strategy?: string
  readonly draftTokens?: number
  readonly alpha?: number
  readonly json?: boolean
}

const shared = new Set(['--model', '--draft', '--context', '--strategy'])

export function exportCommand(run: Run): Command {
  const command = new Command('export')
    .description('how to launch another engine with the same speculation, when one machine is not enough')
    .addArgument(new Argument('<engine>', 'which one').choices(['vllm']))
  addOptions(command, [
    ...[...modelOptions(), ...draftingOptions()].filter(({ long }) => shared.has(long!)),
    new Option(
      '--draft-tokens <n>',
      'tokens to draft for a pass (default: what pays at --alpha, else 5, or 8 for suffix)',
    )
      .argParser(whole(1))
      .helpGroup('Drafting:'),
    new Option('--alpha <p>', 'how often a drafted token is accepted, as foretoken tune says')
      .argParser(decimal(0, 1))
      .helpGroup('Drafting:'),
    jsonOption('print the command, its --speculative-config and the notes as JSON'),
  ])
  return command
    .addHelpText(
      'after',
      `
Nothing is loaded or downloaded; of files that are here, the heads are read. The line goes to stdout, and what is
different there to stderr.

Examples:
  $ foretoken export vllm -m Qwen/Qwen3-8B -d Qwen/Qwen3-0.6B --draft-tokens 4
  $ foretoken export vllm -m target.gguf -d draft.gguf --alpha 0.8
  $ foretoken export vllm -m Qwen/Qwen3-8B --strategy prompt-lookup --json

Exit codes: 0 ok, 2 bad input, a pair that does not fit, or nothing like it there.`,
    )
    .action((_engine: string, flags: Flags) => run((terminal) => runExport(flags, terminal)))
}

async function runExport(flags: Flags, terminal: Terminal): Promise<ExitCode> {
  const { model, draft: draftName, strategy = 'auto', draftTokens: tokens, alpha, context } = flags
  const hub = { target: model === undefined ? undefined : hubModel(model), draft: draftName && hubModel(draftName) }
  const files = hub.target ? { target: model!, draft: draftName, demo: false } : modelFiles(flags)
  const [target, draft] = await Promise.all([
    hub.target ?? localModel(files.target),
    files.draft === undefined ? undefined : hub.draft || localModel(files.draft),
  ])
  const launch = exportVllm({
    ...{ target, draft, strategy, tokens, alpha, context },
    cost: hub.target || hub.draft || files.draft === undefined ? undefined : await costOf(files.target, files.draft),
  })
  if (flags.json) {
    printJson(terminal.out, launch)
    return exitCodes.ok
  }
  printLine(terminal.out, shellLine(launch.command))
  const paint = paintFor(terminal, 'err')
  for (const note of files.demo ? [demoNote, ...launch.notes] : launch.notes) {
    printLine(terminal.err, paint.dim(`- ${note}`))
  }
  return exitCodes.ok
}

async function localModel(file: string): Promise<ExportedModel> {
  if (backendOf(file, {}) === 'onnx') {
    throw new ForetokenError(
      'unsupported',
      `${file} is in ONNX, which vLLM does not load: name the model it was made of.`,
    )
  }
  const { inspectModel } = await import('@foretoken/backend-llama')
  const { parts } = await inspectModel(file)
  return { name: file, gguf: true, parts }
}

/** The c of the pair. @throws `vocabulary-mismatch` */
async function costOf(target: string, draft: string): Promise<number> {
  const { checkPair, inspectModel } = await import('@foretoken/backend-llama')
  const { ok, reasons, cost } = checkPair(await inspectModel(target), await inspectModel(draft))
  if (!ok) throw new ForetokenError('vocabulary-mismatch', reasons[0]!)
  return cost
}
