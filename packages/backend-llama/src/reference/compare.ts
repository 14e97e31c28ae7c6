import type { SamplingOptions, Tokenizer } from '@foretoken/core'
import { createSampler } from '@foretoken/core'
import { Rules } from './rules.js'
import { llamaOrder } from './samplers.js'
import type { Candidates, LlamaSamplers } from './samplers.js'

/** The largest difference of a probability that counts as none. */
export const tolerance = 1e-5

export interface Case extends Candidates {
  readonly options: SamplingOptions
  readonly tokenizer?: Tokenizer
}

/**
 * - `same`: every probability.
 * - `ties`: the probabilities of all tokens with the same logit together; which of them stay is arbitrary in llama.cpp.
 * - `rounding`: the same rules, rounded to 32 bits as llama.cpp does, give its result; without rounding, ours.
 * - `no entropy`: typical sampling met a probability of 0, and llama.cpp computed with NaN; ours is that of the rules.
 */
export type Outcome = 'same' | 'ties' | 'rounding' | 'no entropy'

export interface Comparison {
  readonly outcome: Outcome | 'different'
  /** Of a probability. */
  readonly difference: number
}

/** Compares our distribution with llama.cpp's. */
export function compare(samplers: LlamaSamplers, one: Case): Comparison {
  const { logits, history = [], tokenizer } = one
  const size = logits.length
  const { order = llamaOrder } = one.options
  const options = { temperature: 1, ...one.options, order }
  const distribution = createSampler(options, { tokenizer }).distribution(logits, history)
  const ours = Float64Array.from(logits, (_, token) => distribution.probability(token))
  const theirs = probabilities(samplers.apply(options, one), size)
  const difference = largestDifference(ours, theirs)
  if (difference <= tolerance) return { outcome: 'same', difference }

  // Equal once the steps that change logits are done, those before the first that truncates.
  const truncating = order.findIndex((step) => !['bias', 'penalties', 'dry'].includes(step))
  const changing = truncating < 0 ? order : order.slice(0, truncating)
  const groups = groupsOf(samplers.apply({ ...options, order: changing }, one).logits)
  const alike = (a: Float64Array, b: Float64Array): boolean =>
    largestDifference(ranked(a, groups), ranked(b, groups)) <= tolerance
  if (alike(ours, theirs)) return { outcome: 'ties', difference }

  const exact = probabilities(new Rules(samplers).apply(options, one), size)
  if (!alike(exact, ours)) return { outcome: 'different', difference }
  const rounded = new Rules(samplers, Math.fround).apply(options, one)
  if (rounded.noEntropy) return { outcome: 'no entropy', difference }
  const astray = strays(probabilities(rounded, size), theirs, groups)
  return { outcome: astray <= 2 ? 'rounding' : 'different', difference }
}

/** By token, summed in 64 bits; 0 for those that are not among the candidates. */
export function probabilities(
  { ids, logits }: { readonly ids: Int32Array; readonly logits: ArrayLike<number> },
  size: number,
): Float64Array {
  let max = -Infinity
  for (let index = 0; index < logits.length; index++) max = Math.max(max, logits[index]!)
  const weights = Float64Array.from(logits, (logit) => Math.exp(logit - max))
  const total = weights.reduce((a, b) => a + b, 0)
  const result = new Float64Array(size)
  ids.forEach((id, index) => (result[id] = weights[index]! / total))
  return result
}

export function largestDifference(a: Float64Array, b: Float64Array): number {
  let most = 0
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!))
  return most
}

/** A number for each token, the same for tokens with the same logit. */
function groupsOf(logits: Float32Array): Int32Array {
  const numbers = new Map<number, number>()
  return Int32Array.from(logits, (logit) => {
    if (!numbers.has(logit)) numbers.set(logit, numbers.size)
    return numbers.get(logit)!
  })
}

/**
 * How many tokens only one of them has. The last bit of a 32-bit exponential or logarithm is the platform's affair, and
 * may decide on the token at the cut.
 */
function strays(a: Float64Array, b: Float64Array, groups: Int32Array): number {
  const [one, other] = [ranked(a, groups), ranked(b, groups)]
  return one.filter((probability, index) => probability > 0 !== other[index]! > 0).length
}

/** Group by group, the most probable first: which token of a group it is does not matter. */
function ranked(values: Float64Array, groups: Int32Array): Float64Array {
  const tokens = [...values.keys()].sort((a, b) => groups[a]! - groups[b]! || values[b]! - values[a]!)
  return Float64Array.from(tokens, (token) => values[token]!)
}
