import type { SamplingOptions, TokenId } from '@foretoken/core'
import { llamaOrder } from './samplers.js'
import type { Candidates, ChainStep, LlamaSamplers } from './samplers.js'

interface Candidate {
  readonly id: TokenId
  readonly logit: number
}

export interface Ruled {
  readonly ids: Int32Array
  readonly logits: Float64Array
  /** Typical sampling met a probability of 0, for which llama.cpp's arithmetic has no entropy. */
  readonly noEntropy: boolean
}

/**
 * The chain once more, written down as simply as can be, to tell rounding from everything else: with `round` =
 * `Math.fround` it rounds wherever llama.cpp does and has to agree with it, without rounding it has to agree with us.
 *
 * The steps that change logits are llama.cpp's own: they do not depend on sums.
 */
export class Rules {
  private noEntropy = false
  private readonly samplers: LlamaSamplers
  private readonly round: (value: number) => number

  constructor(samplers: LlamaSamplers, round: (value: number) => number = (value) => value) {
    this.samplers = samplers
    this.round = round
  }

  apply(options: SamplingOptions, { logits, history = [] }: Candidates): Ruled {
    this.noEntropy = false
    let left: Candidate[] = Array.from(logits, (logit, id) => ({ id, logit }))
    for (const step of options.order ?? llamaOrder) left = this.step(step, options, left, history)
    return {
      ids: Int32Array.from(left, ({ id }) => id),
      logits: Float64Array.from(left, ({ logit }) => logit),
      noEntropy: this.noEntropy,
    }
  }

  private step(step: ChainStep, options: SamplingOptions, left: Candidate[], history: readonly TokenId[]): Candidate[] {
    const f = this.round
    const { temperature = 1, topK = 0, typicalP = 1, topP = 1, minP = 0 } = options
    switch (step) {
      case 'bias':
      case 'penalties':
      case 'dry': {
        const ids = Int32Array.from(left, ({ id }) => id)
        const logits = Float32Array.from(left, ({ logit }) => logit)
        const changed = this.samplers.apply({ ...options, order: [step] }, { ids, logits, history }).logits
        return left.map(({ id, logit }, index) => ({
          id,
          logit: changed[index] === logits[index] ? logit : changed[index]!,
        }))
      }
      case 'temperature':
        return temperature === 1 ? left : left.map(({ id, logit }) => ({ id, logit: f(logit / f(temperature)) }))
      case 'topK':
        return topK === 0 ? left : descending(left).slice(0, topK)
      case 'typicalP':
        return typicalP === 1 ? left : this.typical(left, f(typicalP))
      case 'topP':
        return topP === 1 ? left : this.top(left, f(topP))
      case 'minP': {
        const bar = f(largest(left) + f(Math.log(f(minP))))
        return left.filter(({ logit }) => logit >= bar)
      }
      case 'xtc': {
        const { xtcProbability = 0, xtcThreshold = 0.1 } = options
        if (xtcProbability === 0 || xtcThreshold > 0.5) return left
        const sorted = descending(left)
        const high = this.softmax(sorted).filter((probability) => probability >= f(xtcThreshold)).length
        return sorted.slice(Math.max(0, high - 1))
      }
    }
  }

  private top(left: readonly Candidate[], p: number): Candidate[] {
    // The probabilities are summed before the sort, and rounding depends on the order.
    const probabilities = this.softmax(left)
    const ranks = [...probabilities.keys()].sort((a, b) => left[b]!.logit - left[a]!.logit)
    let sum = 0
    const count = ranks.findIndex((index) => (sum = this.round(sum + probabilities[index]!)) >= p) + 1
    return ranks.slice(0, count || ranks.length).map((index) => left[index]!)
  }

  private typical(left: readonly Candidate[], p: number): Candidate[] {
    const f = this.round
    const sorted = descending(left)
    const probabilities = this.softmax(sorted)
    if (probabilities.includes(0)) this.noEntropy = true
    const surprises = probabilities.map((probability) => f(-f(Math.log(probability))))
    const entropy = probabilities.reduce(
      (sum, probability, index) => (probability === 0 ? sum : f(sum + f(probability * surprises[index]!))),
      0,
    )
    const distances = surprises.map((surprise) => f(Math.abs(f(surprise - entropy))))
    const ranks = [...sorted.keys()].sort((a, b) => (distances[a] === distances[b] ? 0 : distances[a]! - distances[b]!))
    let sum = 0
    const count = ranks.findIndex((index) => (sum = f(sum + probabilities[index]!)) > p) + 1
    return ranks.slice(0, count || ranks.length).map((index) => sorted[index]!)
  }

  private softmax(left: readonly Candidate[]): number[] {
    const f = this.round
    const max = largest(left)
    const weights = left.map(({ logit }) => f(Math.exp(f(logit - max))))
    const total = weights.reduce((sum, weight) => f(sum + weight), 0)
    return weights.map((weight) => f(weight / total))
  }
}

function largest(left: readonly Candidate[]): number {
  return left.reduce((most, { logit }) => Math.max(most, logit), -Infinity)
}

function descending(left: readonly Candidate[]): Candidate[] {
  return [...left].sort((a, b) => (a.logit === b.logit ? 0 : b.logit - a.logit))
}
