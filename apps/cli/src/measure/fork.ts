import type { TokenId, Tokenizer } from '@foretoken/core'

/** Where two texts part. */
export interface Fork {
  /** Index of the first token said that differs. */
  readonly position: number
  /** What each said there; `undefined`: it ended. */
  readonly plain: TokenId | undefined
  readonly other: TokenId | undefined
}

/** The first place where `other` says something else than `plain`, if there is one. */
export function findFork(plain: readonly TokenId[], other: readonly TokenId[]): Fork | undefined {
  const length = Math.max(plain.length, other.length)
  for (let position = 0; position < length; position++) {
    if (plain[position] !== other[position]) return { position, plain: plain[position], other: other[position] }
  }
  return undefined
}

/**
 * By how much the target preferred its best token to the one that the other run said, in logits.
 *
 * @param logits What the plain run saw at the fork.
 * @param other `undefined`: the other run ended, so it said whichever token that ends a text is the likeliest.
 */
export function forkMargin(logits: Float32Array, other: TokenId | undefined, tokenizer: Tokenizer): number {
  let best = -Infinity
  let bestEnd = -Infinity
  for (let token = 0; token < logits.length; token++) {
    const logit = logits[token]!
    if (logit > best) best = logit
    if (other === undefined && logit > bestEnd && tokenizer.isEnd(token)) bestEnd = logit
  }
  return best - (other === undefined ? bestEnd : logits[other]!)
}

/**
 * A fork is a near-tie when the kernels' rounding can explain it: both logits may move by `rounding`, towards each other.
 * Otherwise something is wrong with the program.
 *
 * @param rounding The largest of `passRounding`.
 */
export function judgeFork(margin: number, rounding: number): 'near-tie' | 'bug' {
  return margin <= 2 * rounding ? 'near-tie' : 'bug'
}
