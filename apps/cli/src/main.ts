#!/usr/bin/env node
import { describeFailure, exitCodes, type ExitCode } from './failure.js'
import { onInterrupt } from './interrupt.js'
import { createProgram } from './program.js'
import { printLine, type Terminal } from './terminal/terminal.js'

const terminal: Terminal = {
  out: process.stdout,
  err: process.stderr,
  input: process.stdin,
  env: process.env,
  signal: onInterrupt(),
}

// `foretoken generate | head`: nobody reads on, so there is nothing more to do.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? exitCodes.ok : exitCodes.failed))

let code: ExitCode = exitCodes.ok
const fail = (error: unknown): void => {
  const failure = describeFailure(error, Boolean(process.env.FORETOKEN_DEBUG))
  for (const line of failure.lines) printLine(process.stderr, line)
  code = failure.code
}
process.on('uncaughtException', (error) => {
  fail(error)
  process.exit(code)
})

try {
  await createProgram(async (work) => {
    code = await work(terminal)
  }).parseAsync()
} catch (error) {
  fail(error)
}

// What is in the pipes goes out first; then we leave, whatever the native library still holds.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)))
