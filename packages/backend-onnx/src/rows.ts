import { ForetokenError, kernels } from '@foretoken/core'
import type { LogitsRows, Pass, TokenId } from '@foretoken/core'

/** Counts the passes of a model: rows are good until the next one. */
export interface PassCount {
  passes: number
}

/** The logits of a forward, in the buffers in which the worker sent them: one for each pass that it took. */
export class PassRows implements LogitsRows {
  readonly count: number
  readonly pass: Pass
  private readonly rows: readonly Float32Array[]
  private readonly model: PassCount
  private readonly made: number

  constructor(buffers: readonly Float32Array[], vocabSize: number, pass: Pass, model: PassCount) {
    this.pass = pass
    this.rows = buffers.flatMap((buffer) =>
      Array.from({ length: buffer.length / vocabSize }, (_, row) =>
        buffer.subarray(row * vocabSize, (row + 1) * vocabSize),
      ),
    )
    this.count = this.rows.length
    this.model = model
    this.made = model.passes
  }

  argmax(row: number): TokenId {
    return kernels.argmax(this.row(row))
  }

  row(row: number): Float32Array {
    if (this.made !== this.model.passes) {
      throw new ForetokenError(
        'stale-logits',
        'These logits were overwritten by a later pass of the model. Read them before the first await after forward().',
      )
    }
    const found = this.rows[row]
    if (found !== undefined) return found
    throw new ForetokenError('invalid-argument', `There is no row ${row}: forward() gave ${this.count}.`)
  }
}
