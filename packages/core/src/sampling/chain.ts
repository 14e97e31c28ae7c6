import { ForetokenError } from '../errors.js'
import { kernels } from '../kernels/index.js'
import { Distribution } from './distribution.js'
import { keepMinP, keepTopK, keepTopP } from './truncate.js'

/** How a token is chosen from the target's logits. The order is fixed: temperature, top-k, top-p, min-p. */
export interface SamplingOptions {
  /** 0 (the default) is greedy: always the largest logit. 1 is the model's own distribution. At most 100. */
  readonly temperature?: number | undefined
  /** Keep the `topK` most probable tokens. An integer; 0 (the default): all. */
  readonly topK?: number | undefined
  /** Keep the smallest set of most probable tokens that holds at least `topP` of the probability. In `(0, 1]`, default 1. */
  readonly topP?: number | undefined
  /** Drop tokens less probable than `minP` times the most probable one. In `[0, 1]`, default 0. */
  readonly minP?: number | undefined
}

/** The sampling chain, ready to use: raw logits in, the distribution that a token is drawn from out. */
export interface Sampler {
  /** Whether the distribution is a single token (temperature 0), so that `LogitsRows.argmax` says it all. */
  readonly greedy: boolean
  readonly options: Required<SamplingOptions>
  /** A new distribution; `logits` are only read. */
  distribution(logits: Float32Array): Distribution
}

/** @throws `invalid-argument` when an option is out of its range. */
export function createSampler(options: SamplingOptions = {}): Sampler {
  const { temperature = 0, topK = 0, topP = 1, minP = 0 } = options
  check('temperature', temperature, temperature >= 0 && temperature <= 100, 'from 0 (greedy) to 100')
  check('topK', topK, Number.isInteger(topK) && topK >= 0, 'an integer, 0 for all tokens')
  check('topP', topP, topP > 0 && topP <= 1, 'above 0, at most 1')
  check('minP', minP, minP >= 0 && minP <= 1, 'from 0 to 1')

  return {
    greedy: temperature === 0,
    options: { temperature, topK, topP, minP },
    distribution(logits) {
      if (temperature === 0) return Distribution.point(kernels.argmax(logits))
      const weights = new Float32Array(logits.length)
      const total = kernels.softmax(logits, 1 / temperature, weights)
      if (!(total > 0 && total < Infinity)) throw new ForetokenError('runtime', brokenLogits)
      let result = Distribution.trusted(weights, total)
      if (topK > 0) result = keepTopK(result, topK)
      if (topP < 1) result = keepTopP(result, topP)
      if (minP > 0) result = keepMinP(result, minP)
      return result
    },
  }
}

const brokenLogits =
  'The model gave no usable logits (all NaN or infinite). The file may be damaged, or the device may compute wrongly: ' +
  'try another file or device.'

function check(name: string, value: number, valid: boolean, range: string): void {
  if (!valid) throw new ForetokenError('invalid-argument', `${name} is ${value}: it must be ${range}.`)
}
