import { kernels } from '../kernels/index.js'
import type { TokenId, Tokenizer } from '../model.js'
import { Distribution } from './distribution.js'
import { keepTopK } from './truncate.js'

export interface Logprob {
  readonly token: TokenId
  readonly text: string
  /** Natural logarithm of the probability; -Infinity for a token that could not have come. */
  readonly logprob: number
}

/** How probable a token was, and what else might have come. */
export interface TokenLogprobs {
  /** In the model's own distribution: temperature 1, no penalties, no truncation, no format. */
  readonly raw: LogprobView
  /** In the distribution that it was drawn from: after the whole chain. */
  readonly sampled: LogprobView
}

export interface LogprobView {
  readonly logprob: number
  /** The most probable tokens, best first; fewer when fewer are possible. */
  readonly top: readonly Logprob[]
}

/** @param count How many alternatives to list, 0 or more. */
export function tokenLogprobs(
  token: TokenId,
  logits: Float32Array,
  sampled: Distribution,
  count: number,
  tokenizer: Tokenizer,
): TokenLogprobs {
  const weights = new Float32Array(logits.length)
  const total = kernels.softmax(logits, 1, weights)
  return {
    raw: view(token, Distribution.trusted(weights, total), count, tokenizer),
    sampled: view(token, sampled, count, tokenizer),
  }
}

function view(token: TokenId, distribution: Distribution, count: number, tokenizer: Tokenizer): LogprobView {
  const one = (id: TokenId): Logprob => ({
    token: id,
    text: tokenizer.decode([id], { special: true }),
    logprob: Math.log(distribution.probability(id)),
  })
  if (count === 0) return { logprob: one(token).logprob, top: [] }
  const { ids, weights } = keepTopK(distribution, count)
  const top = Array.from(weights, (weight, i) => ({ id: ids ? ids[i]! : i, weight }))
  top.sort((a, b) => b.weight - a.weight || a.id - b.id)
  return { logprob: one(token).logprob, top: top.map(({ id }) => one(id)) }
}
