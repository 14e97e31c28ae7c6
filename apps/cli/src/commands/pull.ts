import { Argument, Command } from 'commander'
import { exitCodes, type ExitCode } from '../failure.js'
import { fetchWithProgress } from '../models/fetch.js'
import { jsonOption } from '../options.js'
import { printJson, printLine, type Terminal } from '../terminal/terminal.js'
import { addOptions, type Run } from './command.js'

export function pullCommand(run: Run): Command {
  const command = new Command('pull')
    .description('downloads a model by its name on the Hugging Face Hub; of a bundle, its draft as well')
    .addArgument(new Argument('<name>', 'owner/repo, owner/repo:Q4_K_M, hf://owner/repo@revision/path, or an address'))
  addOptions(command, [jsonOption('print what is where as JSON')])
  return command
    .addHelpText(
      'after',
      `
Examples:
  $ foretoken pull Qwen/Qwen2.5-Coder-7B-Instruct-GGUF:Q4_K_M
  $ foretoken pull hf://owner/repo@main/folder/model-00001-of-00003.gguf
  $ HF_ENDPOINT=https://a-mirror.example foretoken pull owner/repo

Every command takes such a name for --model and --draft, too. What is cut off goes on at the next call; every file is
checked. It lies in the cache that the Hub's own tools use, so that none of them downloads it again.

  HF_TOKEN                 for models that are not for everybody
  HF_ENDPOINT              a mirror of the Hub
  HF_HUB_CACHE, HF_HOME    where the cache is
  HF_HUB_OFFLINE=1         only what is there

Exit codes: 0 ok, 1 the network or the disk failed, 2 no such model, or one must be chosen, 130 interrupted.`,
    )
    .action((name: string, flags: { json?: boolean }) => run((terminal) => runPull(name, flags, terminal)))
}

async function runPull(name: string, { json }: { json?: boolean }, terminal: Terminal): Promise<ExitCode> {
  const { pull } = await import('@foretoken/hub')
  const pulled = await fetchWithProgress(name, terminal, (options) => pull(name, options))
  if (json) {
    printJson(terminal.out, pulled)
    return exitCodes.ok
  }
  printLine(terminal.out, pulled.target)
  if (pulled.draft !== undefined) printLine(terminal.out, pulled.draft)
  printLine(terminal.err, `next: foretoken generate -m ${pulled.name} -p 'Hello'`)
  return exitCodes.ok
}
