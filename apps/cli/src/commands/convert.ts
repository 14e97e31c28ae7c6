import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { ExportOptions } from '@foretoken/backend-onnx'
import { ForetokenError } from '@foretoken/core'
import { Argument, Command, Option } from 'commander'
import { exitCodes, type ExitCode } from '../failure.js'
import { jsonOption, whole } from '../options.js'
import { bytes, duration } from '../terminal/format.js'
import { createProgress } from '../terminal/progress.js'
import { printJson, printLine, type Terminal } from '../terminal/terminal.js'
import { addOptions, type Run } from './command.js'

interface Flags {
  readonly to: 'onnx'
  readonly type: NonNullable<ExportOptions['type']>
  readonly static?: boolean
  readonly context?: number
  readonly output?: string
  readonly json?: boolean
}

const types: readonly Flags['type'][] = ['fp32', 'fp16', 'q4']

export function convertCommand(run: Run): Command {
  const command = new Command('convert')
    .description('a GGUF file as a model in ONNX: llama, qwen2 and qwen3, dense')
    .addArgument(new Argument('<model>', 'a GGUF file'))
  addOptions(command, [
    new Option('--to <format>', 'what to convert it into').choices(['onnx']).makeOptionMandatory(),
    new Option('--type <type>', 'how weights are stored').choices(types).default('fp32'),
    new Option('--static', 'graphs of fixed sizes, for CoreML; not with q4'),
    new Option(
      '--context <tokens>',
      'how long a text can be (default: as trained; with --static at most 2048)',
    ).argParser(whole(1)),
    new Option('-o, --output <folder>', 'where to (default: the name of the file without .gguf, here)'),
    jsonOption('print what was written as JSON'),
  ])
  return command
    .addHelpText(
      'after',
      `
Examples:
  $ foretoken convert model.gguf --to onnx
  $ foretoken convert small.gguf --to onnx --type q4 -o small-q4
  $ foretoken generate -m model -d small-q4 -p 'Hello'

The folder is laid out like those of the Hugging Face Hub. Types of one model can lie side by side, and graphs of fixed
sizes beside the others; what is there of the same kind is replaced. A tokenizer.json beside the GGUF file is taken as it
is; else it is made from what the file says. q4 takes the matrices of a Q4_0 file as they are. fp16 halves the files; on
a processor it computes as fp32 does.

Exit codes: 0 ok, 1 the run failed, 2 bad input, 130 interrupted; nothing is left of what was not finished.`,
    )
    .action((model: string, flags: Flags) => run((terminal) => convert(model, flags, terminal)))
}

/** Passes over one token, and over the longest draft that is usual with the token before it. */
const buckets = [1, 8]
/** Of static graphs, whose every pass goes over all of it. */
const longestContext = 2048

async function convert(gguf: string, flags: Flags, terminal: Terminal): Promise<ExitCode> {
  const { type, context, output = basename(gguf, '.gguf'), json } = flags
  if (flags.static && type === 'q4') {
    throw new ForetokenError('invalid-argument', '--static cannot be of type q4: use --type fp16 or fp32.')
  }
  const sizes = flags.static ? { buckets, contextLength: context ?? (await contextOf(gguf)) } : undefined
  const { exportOnnx } = await import('@foretoken/backend-onnx')
  const label = `converting ${gguf}`
  const progress = createProgress(terminal, label)
  const started = performance.now()
  progress.update(0)
  const names = await exportOnnx(gguf, output, {
    type,
    // Of the static form it is the cache's size, and another form may lie beside it.
    ...(sizes ? { static: sizes } : context !== undefined && { contextLength: context }),
    signal: terminal.signal,
    onProgress: (fraction) => progress.update(fraction),
  })
  progress.done(`${label}: ${output} (${duration(performance.now() - started)})`)

  const files = await Promise.all(
    names.map(async (name) => ({ path: join(output, name), bytes: (await stat(join(output, name))).size })),
  )
  if (json) printJson(terminal.out, { folder: output, type, ...(sizes && { static: sizes }), files })
  else for (const file of files) printLine(terminal.out, `${file.path}  ${bytes(file.bytes)}`)
  return exitCodes.ok
}

async function contextOf(gguf: string): Promise<number> {
  const { inspectModel } = await import('@foretoken/backend-llama')
  const { contextLength } = await inspectModel(gguf)
  return Math.min(contextLength, longestContext)
}
