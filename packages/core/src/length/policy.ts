import type { Verdict } from '../strategy.js'

/** Decides how many tokens each round drafts. */
export interface LengthPolicy {
  /** As shown to people: `fixed 4`. */
  readonly name: string
  /** Begins one generation. */
  open(): LengthControl
}

/**
 * It may look at earlier rounds and at the draft's own distributions, never at the target's of the same round: else the
 * output would no longer have the target's distribution.
 */
export interface LengthControl {
  /** The most tokens to draft in this round; 0 decodes plainly. */
  next(): number
  /** See `DraftRequest.goOn`. Absent: the draft goes on to its full length, and nobody computes its confidence. */
  goOn?(index: number, confidence: number): boolean
  /** @param drafted How many tokens the verdict was about. */
  observe?(drafted: number, verdict: Verdict): void
}
