import { ForetokenError } from '../errors.js'
import { kernels } from '../kernels/index.js'
import { Distribution } from './distribution.js'

/**
 * The tokens that may still come, on their way through the chain: logits that steps change, or a distribution that steps
 * cut down. Whichever a step asks for is made from the other when it is asked for, so that a chain which only truncates
 * costs one softmax, and steps may come in any order.
 */
export class Candidates {
  private current: Distribution | undefined
  /** The tokens left after a truncation, ascending; all of them until then. */
  private ids: Int32Array | undefined
  /** Whether `values` is ours to change. */
  private owned = false

  /** @param values Raw logits, one for each token. Only read. */
  constructor(
    private values: Float32Array,
    private scale = 1,
  ) {}

  /** Divides the logits. */
  heat(temperature: number): void {
    this.scale /= temperature
    this.current = undefined
  }

  /** The logits of the whole vocabulary, to be changed. What a truncation took out stays out. */
  change(): Float32Array {
    if (!this.owned) this.values = this.values.slice()
    this.owned = true
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

  /** The logit of the candidate at `index` of {@link distribution}. */
  logit(index: number): number {
    return this.values[this.ids ? this.ids[index]! : index]! * this.scale
  }

  /** @throws `runtime`, `invalid-argument` when nothing is left. */
  get distribution(): Distribution {
    if (this.current) return this.current
    const { ids, scale } = this
    const logits = ids ? Float32Array.from(ids, (id) => this.values[id]!) : this.values
    const weights = ids ? logits : new Float32Array(logits.length)
    const total = kernels.softmax(logits, scale, weights)
    if (!(total > 0 && total < Infinity)) throw nothingLeft(this.owned)
    return (this.current = Distribution.trusted(weights, total, ids))
  }

  /** A second way through the rest of the chain. */
  fork(): Candidates {
    const copy = new Candidates(this.values, this.scale)
    copy.current = this.current
    copy.ids = this.ids
    // Whoever changes first copies.
    this.owned = false
    return copy
  }
}

/** @param changed Whether it was us who took tokens out. */
export function nothingLeft(changed: boolean): ForetokenError {
  return changed
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
