import { strategyConformance } from '@foretoken/core/testing'
import { Argument, Command } from 'commander'
import { exitCodes, type ExitCode } from '../failure.js'
import { jsonOption } from '../options.js'
import { loadPlugin } from '../strategy/plugin.js'
import { paintFor, printJson, printLine, type Terminal } from '../terminal/terminal.js'
import { addOptions, type Run } from './command.js'

export function checkCommand(run: Run): Command {
  const command = new Command('check')
    .description('puts a draft strategy of your own through the conformance suite')
    .addArgument(new Argument('<file>', 'a plugin file: its default export is the strategy, or makes one'))
  addOptions(command, [jsonOption('print the results as JSON')])
  return command
    .addHelpText(
      'after',
      `
The suite tries the strategy on toy models of four tokens: what it drafts, from which contexts, whether it stops when
told to, whether its q is the q that it draws from. No model is loaded, and the text of a target is never at risk: a
strategy that fails costs drafts, not exactness (but for a q that is not its own).

Example:
  $ foretoken check ./my-strategy.ts

Exit codes: 0 ok, it conforms, 1 it does not, 2 bad input.`,
    )
    .action((file: string, flags: { json?: boolean }) => run((terminal) => check(file, flags, terminal)))
}

const patienceMs = 30_000

/** For a strategy that hangs. */
function tooLong(): Promise<never> {
  return new Promise((_, reject) => {
    const seconds = patienceMs / 1000
    setTimeout(() => reject(new Error(`it was not done after ${seconds} seconds`)), patienceMs).unref()
  })
}

async function check(file: string, { json }: { json?: boolean }, terminal: Terminal): Promise<ExitCode> {
  await loadPlugin(file)
  // A new one for each test, as a strategy may remember.
  const results = []
  for (const { name, run } of strategyConformance(() => loadPlugin(file))) {
    const why = await Promise.race([run(), tooLong()]).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
    results.push({ name, ok: why === undefined, why })
  }
  const failed = results.filter(({ ok }) => !ok).length
  if (json) {
    printJson(terminal.out, { file, passed: results.length - failed, failed, results })
  } else {
    const paint = paintFor(terminal, 'out')
    for (const { name, ok, why } of results) {
      printLine(terminal.out, ok ? `${paint.green('ok')}    ${name}` : `${paint.red('FAIL')}  ${name}: ${why}`)
    }
    printLine(terminal.out, `\n${results.length - failed} passed, ${failed} failed`)
  }
  return failed === 0 ? exitCodes.ok : exitCodes.failed
}
