import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import type { Run } from './commands/command.js'
import { benchCommand } from './commands/bench.js'
import { bundleCommand } from './commands/bundle.js'
import { chatCommand } from './commands/chat.js'
import { checkCommand } from './commands/check.js'
import { convertCommand } from './commands/convert.js'
import { demoCommand } from './commands/demo.js'
import { exportCommand } from './commands/export.js'
import { generateCommand } from './commands/generate.js'
import { inspectCommand } from './commands/inspect.js'
import { kernelsCommand } from './commands/kernels.js'
import { pairCommand } from './commands/pair.js'
import { pullCommand } from './commands/pull.js'
import { serveCommand } from './commands/serve.js'
import { tuneCommand } from './commands/tune.js'
import { verifyCommand } from './commands/verify.js'
import { workerCommand } from './commands/worker.js'

/** The command line. @param run Is given the work of the command that was asked for. */
export function createProgram(run: Run): Command {
  const program = new Command('foretoken')
    .description('Speculative decoding for local language models: faster, with the same text.')
    .version(version(), '-V, --version')
    .addHelpText(
      'after',
      '\nStart here:\n  $ foretoken demo\n\nExit codes: 0 ok, 1 the run failed, 2 bad input, 130 interrupted.',
    )
  for (const create of [
    demoCommand,
    generateCommand,
    chatCommand,
    serveCommand,
    workerCommand,
    benchCommand,
    tuneCommand,
    verifyCommand,
    checkCommand,
    pullCommand,
    inspectCommand,
    pairCommand,
    bundleCommand,
    convertCommand,
    kernelsCommand,
    exportCommand,
  ])
    program.addCommand(create(run))
  for (const command of [program, ...program.commands]) {
    command
      .exitOverride()
      .showSuggestionAfterError()
      .showHelpAfterError(`(see foretoken ${command === program ? '' : `${command.name()} `}--help)`)
  }
  return program
}

function version(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
