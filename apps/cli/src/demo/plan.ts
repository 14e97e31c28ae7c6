/** How much the demo does, so that it ends while people still look. */
export interface DemoPlan {
  /** Pairs of runs; a round is two pairs (plain, speculative; speculative, plain). */
  readonly pairs: number
  readonly maxTokens: number
}

/** Seconds that decoding should take in all, unless the user says how much is to be done. */
const budgetSeconds = 45

/**
 * @param passMs T(1) of the target, in milliseconds: a slow machine gets shorter texts, then fewer of them.
 */
export function planDemo(wish: { rounds?: number | undefined; maxTokens?: number | undefined }, passMs: number): DemoPlan {
  // Plain costs a pass for each token; speculation is reckoned at no more than that.
  const secondsPerToken = (2 * passMs) / 1000
  const affordable = budgetSeconds / secondsPerToken
  const rounds = wish.rounds ?? clamp(Math.floor(affordable / (2 * (wish.maxTokens ?? 48))), 1, 4)
  const maxTokens = wish.maxTokens ?? clamp(Math.floor(affordable / (2 * rounds)), 16, 96)
  return { pairs: 2 * rounds, maxTokens }
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}
