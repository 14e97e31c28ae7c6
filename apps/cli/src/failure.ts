import { ForetokenError, type ErrorCode } from '@foretoken/core'
import { CommanderError } from 'commander'

/** What the exit code of the program says. */
export const exitCodes = {
  ok: 0,
  /** The run failed, or found what it looks for: a text that changed, a pair that does not match. */
  failed: 1,
  /** An option, a file or a plugin cannot be used as it is. */
  usage: 2,
  /** Ctrl-C. */
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** The reason that an interrupted run rejects with. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'

  constructor() {
    super('Interrupted.')
  }
}

/** Errors that the caller can mend by calling differently. The others mean that the run itself failed. */
const callersFault: ReadonlySet<ErrorCode> = new Set([
  'invalid-argument',
  'model-file',
  'vocabulary-mismatch',
  'context-overflow',
  'unsupported',
  'strategy',
])

export interface Failure {
  readonly code: ExitCode
  /** What to tell, line by line; nothing when it has been told. */
  readonly lines: readonly string[]
}

/** What to say about an error, and which exit code it means. No stack trace, unless `debug`. */
export function describeFailure(error: unknown, debug: boolean): Failure {
  const stack = debug && error instanceof Error && error.stack ? [error.stack, ...causes(error)] : []
  if (error instanceof Interrupted) return { code: exitCodes.interrupted, lines: stack }
  // commander has printed its message, or the help that was asked for.
  if (error instanceof CommanderError) {
    return { code: error.exitCode === 0 ? exitCodes.ok : exitCodes.usage, lines: stack }
  }
  if (ForetokenError.is(error)) {
    const code = callersFault.has(error.code) ? exitCodes.usage : exitCodes.failed
    return { code, lines: [`error [${error.code}]: ${oneLine(error.message)}`, ...stack] }
  }
  const message = error instanceof Error ? error.message : String(error)
  const advice = 'This was not expected. Run it again with FORETOKEN_DEBUG=1 to see where it comes from, and report it.'
  return { code: exitCodes.failed, lines: [`error: ${oneLine(message)}`, ...(debug ? stack : [advice])] }
}

function causes(error: Error): string[] {
  return error.cause instanceof Error ? [`caused by ${error.cause.stack}`, ...causes(error.cause)] : []
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').trim()
}
