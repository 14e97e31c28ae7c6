import { ForetokenError } from '../errors.js'
import type { LengthPolicy } from './policy.js'

/** @param gamma Tokens to draft in every round: an integer, 0 or more. */
export function fixedLength(gamma: number): LengthPolicy {
  if (!Number.isInteger(gamma) || gamma < 0) {
    throw new ForetokenError('invalid-argument', `The draft length is ${gamma}: it must be an integer, 0 or more.`)
  }
  return { name: `fixed ${gamma}`, gamma, max: gamma, open: () => ({ next: () => gamma }) }
}
