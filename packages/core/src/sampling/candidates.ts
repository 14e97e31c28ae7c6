import { ForetokenError } from '../errors.js'
import { kernels } from '../kernels/index.js'
import type { TokenId } from '../model.js'
import { Distribution } from './distribution.js'
import { without } from './truncate.js'

/**
 * The tokens that may still come, on their way through the chain: logits that steps change, or a distribution that steps
 * cut down. Whichever a step asks for is made from the other when it is asked for, so that a chain which only truncates
 * costs one softmax, and steps may come in any order.
 */
export class Candidates {
  private current: Distribution | undefined
  /** The tokens left after a truncation, ascending; all of them until then. */
  private ids: Int32Array | undefined
  /** Tokens taken out one by one: zero in {@link current}, and as they were in `values` until a step comes back to these. */
  private excluded: readonly TokenId[] = []
  /** Whether `values` is ours to change. */
  private owned = false

  private values: Float32Array
  private scale = 1

  /** @param raw Logits, one for each token. Only read. */
  constructor(private readonly raw: Float32Array) {
    this.values = raw
  }

  /** Divides the logits. */
  heat(temperature: number): void {
    this.scale /= temperature
    this.current = undefined
  }

  /** The logits of the whole vocabulary, to be changed. What a truncation took out stays out. */
  change(): Float32Array {
    this.own()
    if (this.scale !== 1) for (let i = 0; i < this.values.length; i++) this.values[i]! *= this.scale
    this.scale = 1
    this.current = undefined
    return this.values
  }

  /** Keeps the tokens of a part of {@link distribution}. */
  keep(part: Distribution): void {
    this.current = part
    this.ids = part.ids
  }

  /** A logit for each weight of {@link distribution}, up to a factor that all have in common. Not to be changed. */
  get logits(): Float32Array {
    if (this.excluded.length > 0) this.own()
    const { ids, values } = this
    return ids ? Float32Array.from(ids, (id) => values[id]!) : values
  }

  /** Takes candidates out, by their indices in {@link distribution}. */
  exclude(indices: readonly number[]): void {
    this.current = without(this.distribution, indices)
    this.excluded = [...this.excluded, ...indices.map((index) => this.ids?.[index] ?? index)]
  }

  /** @throws `runtime`, `invalid-argument` when nothing is left. */
  get distribution(): Distribution {
    if (this.current) return this.current
    const { ids, scale } = this
    const { logits } = this
    const weights = ids ? logits : new Float32Array(logits.length)
    const total = kernels.softmax(logits, scale, weights)
    if (!(total > 0 && total < Infinity)) throw nothingLeft(this.raw)
    return (this.current = Distribution.trusted(weights, total, ids))
  }

  private own(): Float32Array {
    if (!this.owned) this.values = this.values.slice()
    this.owned = true
    for (const token of this.excluded) this.values[token] = -Infinity
    this.excluded = []
    return this.values
  }

  /** A second way through the rest of the chain. */
  fork(): Candidates {
    const copy = new Candidates(this.raw)
    copy.values = this.values
    copy.scale = this.scale
    copy.current = this.current
    copy.ids = this.ids
    copy.excluded = this.excluded
    // Whoever changes first copies.
    this.owned = false
    return copy
  }
}

/** Whose fault it is that there is no token to choose: that of the settings, unless the logits had none from the start. */
export function nothingLeft(raw: Float32Array): ForetokenError {
  return raw.some((logit) => logit > -Infinity)
    ? new ForetokenError(
        'invalid-argument',
        'No token is left to choose from: the response format, the banned tokens and the biases exclude all of them. ' +
          'Ban fewer tokens, or look whether the format can be met.',
      )
    : new ForetokenError(
        'runtime',
        'The model gave no usable logits (all NaN or infinite). The file may be damaged, or the device may compute ' +
          'wrongly: try another file or device.',
      )
}
