import { ForetokenError } from '../errors.js'
import { kernels } from '../kernels/index.js'
import type { TokenId } from '../model.js'

/** Not negative, and not all 0. */
export type Weights = Float32Array | Float64Array

/**
 * A probability distribution over the vocabulary: `p(x) = weights[x] / total`.
 *
 * Unnormalised weights with a 64-bit total sum to one as exactly as 64-bit arithmetic can, although the weights
 * themselves are 32 bits wide. Dense (a weight for each token) or sparse (`ids` names the tokens; all others have 0).
 */
export class Distribution {
  private constructor(
    /** Token ids of the weights, ascending; absent when `weights` covers the whole vocabulary. */
    readonly ids: Int32Array | undefined,
    readonly weights: Weights,
    /** The sum of `weights`, in 64 bits. */
    readonly total: number,
  ) {}

  /** Everything on one token. */
  static point(token: TokenId): Distribution {
    return new Distribution(Int32Array.of(token), Float64Array.of(1), 1)
  }

  /**
   * @param weights Finite, not negative, not all zero; need not sum to one. Kept, not copied.
   * @param ids Ascending token ids, as many as weights. Without them the weights are those of tokens 0, 1, 2 …
   * @throws `invalid-argument`
   */
  static of(weights: Weights, ids?: Int32Array): Distribution {
    if (ids && ids.length !== weights.length) {
      throw new ForetokenError(
        'invalid-argument',
        `${ids.length} ids for ${weights.length} weights: pass one for each.`,
      )
    }
    for (let i = 1; ids && i < ids.length; i++) {
      if (ids[i]! <= ids[i - 1]!) throw new ForetokenError('invalid-argument', 'Token ids must be ascending.')
    }
    return new Distribution(ids, weights, checkedSum(weights))
  }

  /**
   * The same without a look at each weight, for inner loops that have just summed them.
   *
   * @internal
   */
  static trusted(weights: Weights, total: number, ids?: Int32Array): Distribution {
    return new Distribution(ids, weights, total)
  }

  /** p(token), in `[0, 1]`. */
  probability(token: TokenId): number {
    if (!this.ids) return (this.weights[token] ?? 0) / this.total
    const index = indexOf(this.ids, token)
    return index < 0 ? 0 : this.weights[index]! / this.total
  }

  /** The largest probability: how sure the model is. */
  get peak(): number {
    const { weights } = this
    if (weights instanceof Float32Array) return weights[kernels.argmax(weights)]! / this.total
    return weights.reduce((best, weight) => Math.max(best, weight), 0) / this.total
  }

  /**
   * The token at `u` of the way through the cumulative sum: a uniform `u` in `[0, 1)` draws from the distribution.
   * A token of weight 0 is never drawn.
   */
  at(u: number): TokenId {
    let remaining = u * this.total
    let last = -1
    for (let i = 0; i < this.weights.length; i++) {
      const weight = this.weights[i]!
      if (weight <= 0) continue
      last = i
      remaining -= weight
      if (remaining < 0) break
    }
    return this.ids ? this.ids[last]! : last
  }
}

function checkedSum(weights: Weights): number {
  let sum = 0
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]!
    if (!(weight >= 0))
      throw new ForetokenError('invalid-argument', `Weight ${i} is ${weight}: weights must be 0 or more.`)
    sum += weight
  }
  if (!(sum > 0 && sum < Infinity)) {
    throw new ForetokenError(
      'invalid-argument',
      `The weights sum to ${sum}: at least one must be above 0 and all finite.`,
    )
  }
  return sum
}

/** Binary search. */
function indexOf(ids: Int32Array, token: TokenId): number {
  let low = 0
  let high = ids.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const value = ids[middle]!
    if (value === token) return middle
    if (value < token) low = middle + 1
    else high = middle - 1
  }
  return -1
}
