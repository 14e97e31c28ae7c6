#!/usr/bin/env node
import { exitCodes } from './failure.js'
import { onInterrupt } from './interrupt.js'
import { reportFailure, runProgram } from './run.js'
import type { Terminal } from './terminal/terminal.js'

const terminal: Terminal = {
  out: process.stdout,
  err: process.stderr,
  input: process.stdin,
  env: process.env,
  signal: onInterrupt(),
}

// `foretoken generate | head`: nobody reads on, so there is nothing more to do.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? exitCodes.ok : exitCodes.failed)
})
process.on('uncaughtException', (error) => process.exit(reportFailure(error, terminal)))

const code = await runProgram(process.argv.slice(2), terminal)
// What is in the pipes goes out first; then we leave, whatever the native library still holds.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)))
