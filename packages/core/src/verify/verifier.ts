import type { TokenId } from '../model.js'
import type { Chance } from '../sampling/chance.js'
import type { Distribution } from '../sampling/distribution.js'
import type { Draft, Verdict } from '../strategy.js'

/**
 * Decides how much of a draft to keep, so that the tokens that come out have exactly the target's distribution.
 *
 * A pure function of its arguments. Prove a new one with `verifierConformance` of `@foretoken/core/testing`.
 */
export interface Verifier {
  readonly name: string
  /** Set when it is exact at temperature 0 alone. `generate` then refuses it at any other. */
  readonly greedyOnly?: boolean
  /** Set when what comes out does not have the target's distribution. Results are then marked. */
  readonly lossy?: boolean
  /** The randomness that it wants, for it and for drafters. Default: `createChance`. */
  readonly chance?: (seed: number) => Chance
  /**
   * @param draft x_1 … x_gamma and their q_1 … q_gamma; may be empty.
   * @param target p_1 … p_(gamma+1).
   */
  verify(draft: Draft, target: Judgement, chance: Chance): Verdict
}

/**
 * What the target says after the context and each prefix of the draft: row 0 follows the context, row `i` follows the
 * draft's first `i` tokens. There is one row more than the draft has tokens.
 */
export interface Judgement {
  /** The place in the text of the token that row 0 is about: the length of the context. */
  readonly position: number
  /** The token that a greedy sampler takes. */
  argmax(row: number): TokenId
  /** p after the whole sampling chain. Computed when asked for. */
  distribution(row: number): Distribution
  /** The target's logits as they are, valid until its next pass. */
  logits(row: number): Float32Array
}
