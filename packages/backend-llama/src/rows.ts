import { ForetokenError, kernels } from '@foretoken/core'
import type { LogitsRows, Pass, TokenId } from '@foretoken/core'

/** Where the rows of one pass lie, and whether they are still its own. */
export interface RowSource {
  /** Changes when a pass overwrites what lay there. */
  readonly stamp: number
  row(index: number): Float32Array
}

/** The rows that one forward got out of a pass. */
export class PassRows implements LogitsRows {
  readonly count: number
  readonly pass: Pass
  private readonly source: RowSource
  private readonly stamp: number
  private readonly first: number
  private readonly earlier: readonly Float32Array[]

  /**
   * @param first Where this forward's rows start among those of the pass.
   * @param count How many they are.
   * @param earlier Copies of the rows that earlier passes of a long forward gave.
   */
  constructor(source: RowSource, pass: Pass, first: number, count: number, earlier: readonly Float32Array[]) {
    this.source = source
    this.pass = pass
    this.stamp = source.stamp
    this.first = first
    this.earlier = earlier
    this.count = count + earlier.length
  }

  argmax(row: number): TokenId {
    return kernels.argmax(this.row(row))
  }

  row(row: number): Float32Array {
    if (this.stamp !== this.source.stamp) {
      throw new ForetokenError(
        'stale-logits',
        'These logits were overwritten by a later pass of the model. Read them before the first await after forward().',
      )
    }
    if (!(row >= 0 && row < this.count)) {
      throw new ForetokenError('invalid-argument', `There is no row ${row}: forward() gave ${this.count}.`)
    }
    return this.earlier[row] ?? this.source.row(this.first + row - this.earlier.length)
  }
}
