import type { LengthReport } from '../guard/report.js'
import type { LanguageModel } from '../model.js'
import type { Round } from '../speculate.js'
import type { Drafter, DraftStrategy } from '../strategy.js'

/** Decides how many tokens each round drafts. */
export interface LengthPolicy {
  /** As shown to people: `fixed 4`. */
  readonly name: string
  /** The longest draft that it ever asks for. */
  readonly max: number
  /** Set when every round drafts as many. */
  readonly gamma?: number | undefined
  /** Begins one generation. */
  open(init: LengthInit): LengthControl
}

/** Whose drafts are to be measured, and for whom. */
export interface LengthInit {
  readonly target: LanguageModel
  readonly strategy: DraftStrategy
  readonly drafter: Drafter
  /** The most tokens that may be said. Default: nobody knows. */
  readonly maxTokens?: number | undefined
}

/**
 * It may look at earlier rounds and at the draft's own distributions, never at the target's of the same round: else the
 * output would no longer have the target's distribution.
 */
export interface LengthControl {
  /** The most tokens to draft in this round; 0 decodes plainly. @param context How many tokens the text has. */
  next(context: number): number
  /** See `DraftRequest.goOn`. Absent: the draft goes on to its full length, and nobody computes its confidence. */
  goOn?(index: number, confidence?: number): boolean
  /** Told what became of each round, drafted or not. */
  observe?(round: Round): void
  /** What was decided, and why. */
  report?(): LengthReport
}
