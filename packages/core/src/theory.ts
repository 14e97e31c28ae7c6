import { ForetokenError } from './errors.js'

/*
 * What speculative decoding can gain, from "Fast Inference from Transformers via Speculative Decoding" (Leviathan,
 * Kalman and Matias, 2023, arXiv 2211.17192). Its letters:
 *
 * alpha  the probability that a drafted token is accepted, taken as the same and independent for each
 * gamma  how many tokens are drafted for one pass of the target
 * c      the time of one draft step divided by the time of one target step
 * tau    tokens that come out of one target pass, on average
 */

/**
 * Tokens that one target pass gives on average: `(1 - alpha^(gamma + 1)) / (1 - alpha)`, between 1 and `gamma + 1`
 * (equation 1 of the paper).
 *
 * @throws `invalid-argument` when alpha is not in `[0, 1]` or gamma is not a whole number from 0.
 */
export function expectedTokens(alpha: number, gamma: number): number {
  check('alpha', alpha, alpha >= 0 && alpha <= 1, 'from 0 to 1')
  checkGamma(gamma)
  // The sum of alpha^0 to alpha^gamma: unlike the quotient it is exact at and near alpha = 1.
  let sum = 1
  for (let i = 0; i < gamma; i++) sum = sum * alpha + 1
  return sum
}

/**
 * How many times faster than plain decoding, if a pass over many tokens took as long as one over a single token:
 * `expectedTokens / (gamma c + 1)` (theorem 3.8).
 */
export function speedup({ alpha, gamma, c }: { alpha: number; gamma: number; c: number }): number {
  check('c', c, c >= 0, '0 or more')
  return expectedTokens(alpha, gamma) / (gamma * c + 1)
}

/**
 * The draft length with the largest {@link speedup}; the shortest of equals, so that it is 0 where drafting does not pay
 * (`alpha <= c`).
 *
 * @param options.max The longest that is looked at, 64 by default: without a cost (c = 0) longer is always better.
 */
export function bestGamma(options: { alpha: number; c: number; max?: number }): number {
  const { alpha, c, max = 64 } = options
  let best = 0
  for (let gamma = 1; gamma <= max; gamma++) {
    if (speedup({ alpha, gamma, c }) > speedup({ alpha, gamma: best, c })) best = gamma
  }
  return best
}

/**
 * How many times more arithmetic operations than plain decoding:
 * `(1 - alpha) (gamma cHat + gamma + 1) / (1 - alpha^(gamma + 1))` (theorem 3.11).
 *
 * @param cHat Operations of the draft for a token, divided by those of the target.
 */
export function operationsFactor(alpha: number, gamma: number, cHat: number): number {
  check('cHat', cHat, cHat >= 0, '0 or more')
  return (gamma * cHat + gamma + 1) / expectedTokens(alpha, gamma)
}

/** Times in any unit, the same for all. */
export type MeasuredCosts = {
  readonly gamma: number
  /** Time of one draft step. */
  readonly draftStep: number
  /** Time of a target pass over n tokens: real hardware takes longer for more. */
  readonly pass: (tokens: number) => number
  /** Time of a round beyond draft steps and target pass. Default 0. */
  readonly overhead?: number
} & (
  | { readonly alpha: number; readonly tau?: never }
  /** Measured tokens a pass, in place of the {@link expectedTokens} of an alpha. */
  | { readonly tau: number; readonly alpha?: never }
)

/**
 * How many times faster than plain decoding, from measured times:
 * `E T(1) / (gamma t_draft + T(gamma + 1) + overhead)`, E being tau or the expected tokens. It is {@link speedup} when
 * `T` is flat and the overhead 0.
 */
export function measuredSpeedup(costs: MeasuredCosts): number {
  const { gamma, draftStep, pass, overhead = 0 } = costs
  checkGamma(gamma)
  const tokens = costs.tau ?? expectedTokens(costs.alpha, gamma)
  return (tokens * pass(1)) / (gamma * draftStep + pass(gamma + 1) + overhead)
}

/**
 * The probability that the rejection rule accepts a token drawn from `q`: `sum_x min(p(x), q(x))` (theorem 3.5, as one
 * minus the total variation distance).
 *
 * @param p Probabilities of the target, one for each token of the vocabulary.
 * @param q Probabilities of the draft.
 */
export function rejectionAcceptance(p: ArrayLike<number>, q: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < p.length; i++) sum += Math.min(p[i]!, q[i]!)
  return sum
}

/** The probability that tokens drawn independently from `p` and `q` are equal: `sum_x p(x) q(x)`. */
export function matchAcceptance(p: ArrayLike<number>, q: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < p.length; i++) sum += p[i]! * q[i]!
  return sum
}

function checkGamma(gamma: number): void {
  check('gamma', gamma, Number.isInteger(gamma) && gamma >= 0, 'a whole number, 0 or more')
}

function check(name: string, value: number, valid: boolean, range: string): void {
  if (!valid) throw new ForetokenError('invalid-argument', `${name} is ${value}: it must be ${range}.`)
}
