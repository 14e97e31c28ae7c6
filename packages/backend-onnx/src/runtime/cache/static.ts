import type { Tensor } from 'onnxruntime-node'
import { masked, staticInputs } from '../../export/static-names.js'
import type { OnnxRuntime } from '../onnxruntime.js'
import type { Cache, CacheLayout, Tensors } from './cache.js'
import { newTensors } from './inputs.js'
import { copyRows } from './rows.js'

/**
 * A cache of a fixed size, for graphs that look at all of it and give only the new rows. What counts comes first; the mask
 * leaves out the rest, so that to forget is to mask more.
 */
export class StaticCache implements Cache {
  length = 0
  private readonly ort: OnnxRuntime
  private readonly layout: CacheLayout
  private readonly rows: number
  private readonly past: readonly Tensor[]

  constructor(ort: OnnxRuntime, layout: CacheLayout, rows: number) {
    this.ort = ort
    this.layout = layout
    this.rows = rows
    this.past = newTensors(ort, layout, rows)
  }

  feeds(tokens: number): Tensors {
    const feeds: Record<string, Tensor> = {}
    this.layout.pairs.forEach(({ past }, index) => (feeds[past] = this.past[index]!))
    const columns = this.rows + tokens
    const mask = new Float32Array(tokens * columns).fill(masked)
    for (let token = 0; token < tokens; token++) {
      const row = mask.subarray(token * columns, (token + 1) * columns)
      row.fill(0, 0, this.length)
      row.fill(0, this.rows, this.rows + token + 1)
    }
    feeds[staticInputs.mask] = new this.ort.Tensor('float32', mask, [1, 1, tokens, columns])
    return feeds
  }

  take(outputs: Tensors, tokens: number): void {
    this.layout.pairs.forEach(({ present }, index) => {
      copyRows(outputs[present]!, 0, this.past[index]!, this.length, tokens)
    })
    this.length += tokens
  }

  truncate(length: number): void {
    this.length = length
  }

  fork(): Cache {
    const copy = new StaticCache(this.ort, this.layout, this.rows)
    this.past.forEach((tensor, index) => copyRows(tensor, 0, copy.past[index]!, 0, this.length))
    copy.length = this.length
    return copy
  }
}
