import { ForetokenError } from '../errors.js'
import type { LengthPolicy } from './policy.js'

/**
 * Drafts while the draft is sure of itself: the draft ends before the first token whose distribution has no probability
 * of at least `threshold`. Easy passages get long drafts, hard ones short drafts or none.
 *
 * @param options.threshold In `[0, 1]`, default 0.4.
 * @param options.max The longest draft, at least 1, default 8.
 */
export function confidenceLength(options: { threshold?: number; max?: number } = {}): LengthPolicy {
  const { threshold = 0.4, max = 8 } = options
  if (!(threshold >= 0 && threshold <= 1)) {
    throw new ForetokenError('invalid-argument', `The confidence threshold is ${threshold}: it must be from 0 to 1.`)
  }
  if (!Number.isInteger(max) || max < 1) {
    throw new ForetokenError('invalid-argument', `The longest draft is ${max}: it must be an integer, at least 1.`)
  }
  return {
    name: `confidence ${threshold}, at most ${max}`,
    max,
    open: () => ({
      next: () => max,
      goOn: (_index, confidence) => confidence === undefined || confidence >= threshold,
    }),
  }
}
