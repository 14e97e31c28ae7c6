import { existsSync } from 'node:fs'
import { Argument, Command, Option } from 'commander'
import { exitCodes, type ExitCode } from '../failure.js'
import { fetchWithProgress } from '../models/fetch.js'
import { jsonOption } from '../options.js'
import { createProgress } from '../terminal/progress.js'
import { paintFor, printJson, printLine, type Terminal } from '../terminal/terminal.js'
import { addOptions, type Run } from './command.js'
import { describePair } from './inspect.js'

interface Flags {
  readonly embed?: string
  readonly json?: boolean
}

export function bundleCommand(run: Run): Command {
  const command = new Command('bundle')
    .description('for authors of models: publishes a draft along with its target, under one name')
    .addArgument(new Argument('<target>', 'a GGUF file'))
    .addArgument(new Argument('<draft>', 'a GGUF file beside it, or the name of one on the Hub'))
  addOptions(command, [
    new Option('--embed <file>', 'write a copy of the target that names its draft itself, in place of foretoken.json'),
    jsonOption('print what was written as JSON'),
  ])
  return command
    .addHelpText(
      'after',
      `
Examples:
  $ foretoken bundle model-Q4_K_M.gguf model-draft-Q4_0.gguf
  $ foretoken bundle model-Q4_K_M.gguf hf://owner/small-model/small-model-Q4_0.gguf
  $ foretoken bundle model.gguf owner/small-model:Q4_0 --embed model-with-draft.gguf

Checks that the second can draft for the first, and writes foretoken.json beside the target. Upload it with the
files: whoever runs foretoken generate -m owner/repo has both then, whichever type of the target they choose.

Exit codes: 0 ok, 1 the two cannot be paired, 2 a file cannot be used, 130 interrupted.`,
    )
    .action((target: string, draft: string, flags: Flags) =>
      run((terminal) => runBundle(target, draft, flags, terminal)),
    )
}

async function runBundle(target: string, draft: string, { json, embed }: Flags, terminal: Terminal): Promise<ExitCode> {
  const [{ checkPair, inspectModel }, { createBundle, formatHubName, parseHubName, resolveModel }] = await Promise.all([
    import('@foretoken/backend-llama'),
    import('@foretoken/hub'),
  ])
  const name = existsSync(draft) ? undefined : parseHubName(draft)
  const draftFile = name
    ? (await fetchWithProgress(draft, terminal, (options) => resolveModel(draft, options))).target
    : draft
  const pair = checkPair(await inspectModel(target), await inspectModel(draftFile))
  const paint = paintFor(terminal, 'err')
  for (const line of describePair(pair, paint)) printLine(terminal.err, line)
  if (!pair.ok) return exitCodes.failed
  const label = embed === undefined ? 'computing checksums' : 'computing a checksum, copying'
  const progress = createProgress(terminal, label)
  const bundle = await createBundle({
    target,
    embed,
    draft: draftFile,
    ...(name && { draftName: formatHubName(name) }),
    signal: terminal.signal,
    onProgress: (bytes, total) => progress.update(total === 0 ? 1 : bytes / total, total),
  })
  progress.done()
  if (json) printJson(terminal.out, bundle)
  else printLine(terminal.out, bundle.path)
  return exitCodes.ok
}
