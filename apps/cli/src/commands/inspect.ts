import type { ModelInfo, PairReport } from '@foretoken/backend-llama'
import { Argument, Command } from 'commander'
import { exitCodes, type ExitCode } from '../failure.js'
import { jsonOption } from '../options.js'
import { bytes, count, number, plural } from '../terminal/format.js'
import type { Paint } from '../terminal/paint.js'
import { facts } from '../terminal/table.js'
import { paintFor, printJson, printLine, type Terminal } from '../terminal/terminal.js'
import { addOptions, type Run } from './command.js'

interface Flags {
  readonly json?: boolean
}

export function inspectCommand(run: Run): Command {
  const command = new Command('inspect')
    .description('what a GGUF file is and needs; of two files, whether the second can draft for the first')
    .addArgument(new Argument('<target>', 'a GGUF file'))
    .addArgument(new Argument('[draft]', 'a second one, as its draft'))
  addOptions(command, [jsonOption('print it as JSON')])
  return command
    .addHelpText(
      'after',
      `
Examples:
  $ foretoken inspect model.gguf
  $ foretoken inspect large.gguf small.gguf && foretoken generate -m large.gguf -d small.gguf -p 'Hello'

Exit codes: 0 ok, 1 the two cannot be paired, 2 a file cannot be read.`,
    )
    .action((target: string, draft: string | undefined, flags: Flags) =>
      run((terminal) => runInspect([target, ...(draft === undefined ? [] : [draft])], flags, terminal)),
    )
}

async function runInspect(files: readonly string[], flags: Flags, terminal: Terminal): Promise<ExitCode> {
  const { checkPair, inspectModel } = await import('@foretoken/backend-llama')
  const infos = await Promise.all(files.map((file) => inspectModel(file)))
  const [target, draft] = infos
  const pair = target && draft && checkPair(target, draft)
  if (flags.json) {
    printJson(terminal.out, { models: infos, ...(pair && { pair }) })
  } else {
    const paint = paintFor(terminal, 'out')
    for (const info of infos) for (const line of [...describeModel(info, paint), '']) printLine(terminal.out, line)
    if (pair) for (const line of describePair(pair, paint)) printLine(terminal.out, line)
  }
  return pair && !pair.ok ? exitCodes.failed : exitCodes.ok
}

export function describeModel(info: ModelInfo, paint: Paint): string[] {
  const { shape, memory, experts } = info
  const size = `${bytes(info.fileSize)}${info.parts > 1 ? ` in ${info.parts} parts` : ''}`
  return [
    paint.bold(info.path),
    ...facts(
      [
        ['model', `${info.name ?? 'unnamed'}, ${info.architecture}, ${count(info.parameters)} parameters, ${size}`],
        ['weights', `${info.quantization}, ${number(info.bitsPerWeight)} bits each on average`],
        [
          'shape',
          `${plural(shape.layers, 'layer')} of ${shape.embedding}, feed-forward ${shape.feedForward}, ${plural(shape.heads, 'head')}`,
        ],
        ...(experts ? [['experts', `${experts.count}, ${experts.used} for each token`] as const] : []),
        ['context', `${plural(info.contextLength, 'token')}`],
        [
          'vocabulary',
          `${plural(info.vocabSize, 'token')}, ${info.tokenizer}, fingerprint ${info.fingerprint ?? 'none'}`,
        ],
        ['chat template', info.chatTemplate === undefined ? 'none' : 'yes'],
        ['rollback', info.recurrent ? 'by replay: it keeps a recurrent state' : 'yes'],
        [
          'memory',
          `${bytes(memory.total)}: weights ${bytes(memory.weights)}, cache ${bytes(memory.cache)}, buffers ${bytes(memory.buffers)} (default context)`,
        ],
      ],
      paint,
    ).map((line) => `  ${line}`),
  ]
}

export function describePair({ ok, reasons, cost }: PairReport, paint: Paint): string[] {
  const verdict = ok
    ? paint.green('The second can draft for the first.')
    : paint.red('The second cannot draft for the first.')
  const share = ok ? [`By size, a draft step costs about ${number(cost)} of a target step (c).`] : []
  return [verdict, ...reasons, ...share]
}
