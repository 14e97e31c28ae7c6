import { ForetokenError } from '@foretoken/core'

/** What is wrong with a description, and what to do next. */
export function invalid(message: string): ForetokenError {
  return new ForetokenError('invalid-argument', message)
}
