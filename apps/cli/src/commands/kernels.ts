import { Command } from 'commander'
import { exitCodes, type ExitCode } from '../failure.js'
import { ensureKernels } from '../models/kernels.js'
import { jsonOption } from '../options.js'
import { printJson, printLine, type Terminal } from '../terminal/terminal.js'
import { addOptions, type Run } from './command.js'

export function kernelsCommand(run: Run): Command {
  const command = new Command('kernels').description("build llama.cpp's CPU kernels for this machine (Linux; once)")
  addOptions(command, [jsonOption('print where they are as JSON')])
  return command
    .addHelpText(
      'after',
      `
Example:
  $ foretoken kernels

The prebuilt kernels run on any processor. Those that judge a draft, in F16, take two to three times as long as
they need to; built here, for this processor and with some of our own, they do not, and a token's logits are the
same bits in a pass of any width. Needs git, gcc and g++, and takes about a minute. Every
program that uses @foretoken/backend-llama finds them afterwards; delete the file to go back.
The demo does this by itself. Exit codes: 0 ok, 1 compiling failed, 2 not possible here, 130 interrupted.`,
    )
    .action((flags: { json?: boolean }) => run((terminal) => runKernels(flags, terminal)))
}

async function runKernels({ json }: { json?: boolean }, terminal: Terminal): Promise<ExitCode> {
  const path = await ensureKernels(false, terminal)
  if (json) printJson(terminal.out, { path })
  else printLine(terminal.out, `models on the CPU run on ${path}`)
  return exitCodes.ok
}
