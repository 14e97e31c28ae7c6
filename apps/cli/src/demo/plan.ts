/** How much the demo does, so that it ends while people still look. */
export interface DemoPlan {
  /** Pairs of runs; a round is two pairs (plain, speculative; speculative, plain). */
  readonly pairs: number
  readonly maxTokens: number
}

/** Seconds that decoding should take in all, unless the user says how much is to be done. */
export const budgetSeconds = 45

/**
 * @param passMs T(1) of the target, in milliseconds: a slow machine gets shorter texts, then fewer of them.
 */
export function planDemo(
  wish: { rounds?: number | undefined; maxTokens?: number | undefined },
  passMs: number,
): DemoPlan {
  // Plain costs a pass for each token; speculation is reckoned at no more than that.
  const secondsPerToken = (2 * passMs) / 1000
  const affordable = budgetSeconds / secondsPerToken
  const rounds = wish.rounds ?? clamp(Math.floor(affordable / (2 * (wish.maxTokens ?? 48))), 1, 4)
  const maxTokens = wish.maxTokens ?? clamp(Math.floor(affordable / (2 * rounds)), 16, 96)
  return { pairs: 2 * rounds, maxTokens }
}

/** How many tokens the warm-up says: enough to tell how much of a draft is accepted, in a few seconds. */
export function warmUpTokens(passMs: number): number {
  return clamp(Math.floor(2000 / passMs), 12, 48)
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}

/** The last lines of a prompt, at most `most` tokens of them: a large model on a CPU reads slowly. */
export function shorten(text: string, most: number, tokensOf: (text: string) => number): string {
  let short = text
  while (tokensOf(short) > most && /\n[^]/.test(short)) short = short.slice(short.indexOf('\n') + 1)
  return short
}
