import { describeFailure, exitCodes, type ExitCode } from './failure.js'
import { createProgram } from './program.js'
import { printLine, type Terminal } from './terminal/terminal.js'

/** Runs the program, as if `args` had been typed after its name. Never rejects: failures are told on stderr. */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = exitCodes.ok
  const program = createProgram(async (work) => {
    code = await work(terminal)
  })
  for (const command of [program, ...program.commands]) {
    command.configureOutput({
      writeOut: (text) => terminal.out.write(text),
      writeErr: (text) => terminal.err.write(text),
      getOutHelpWidth: () => terminal.out.columns ?? 100,
      getErrHelpWidth: () => terminal.err.columns ?? 100,
    })
  }
  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    return reportFailure(error, terminal)
  }
}

/** Tells what went wrong. @returns The exit code that goes with it. */
export function reportFailure(error: unknown, terminal: Terminal): ExitCode {
  const { code, lines } = describeFailure(error, Boolean(terminal.env.FORETOKEN_DEBUG))
  for (const line of lines) printLine(terminal.err, line)
  return code
}
