import type { Tensor } from 'onnxruntime-node'
import type { OnnxRuntime } from '../onnxruntime.js'
import type { Cache, CacheLayout, Tensors } from './cache.js'
import { newTensors } from './inputs.js'
import { copyRows } from './rows.js'

/**
 * What the caches of several texts hold, for one pass over all of them. Works with attention that is told by a number how
 * many rows of each text count.
 */
export class SideBySide {
  private readonly ort: OnnxRuntime
  private readonly layout: CacheLayout
  /** Of the last pass: new memory costs more than what is copied into it. */
  private past: readonly Tensor[] = []

  constructor(ort: OnnxRuntime, layout: CacheLayout) {
    this.ort = ort
    this.layout = layout
  }

  /** @returns What a decoder needs of a cache. */
  of(caches: readonly Cache[]): Pick<Cache, 'feeds' | 'take'> {
    return {
      feeds: (tokens) => this.feeds(caches, tokens),
      take: (outputs, tokens) =>
        caches.forEach((cache, text) => {
          const own = this.layout.pairs.map(({ present }) => [present, this.oneOf(outputs[present]!, text)] as const)
          cache.take(Object.fromEntries(own), tokens)
        }),
    }
  }

  private feeds(caches: readonly Cache[], tokens: number): Tensors {
    const texts = caches.length
    const apart = caches.map((cache) => cache.feeds(tokens))
    const rows = Math.max(...apart.map((feeds) => feeds[this.layout.pairs[0]!.past]!.dims[2]!))
    const [first] = this.past
    if (first?.dims[0] !== texts || first.dims[2] !== rows) this.past = newTensors(this.ort, this.layout, rows, texts)
    const feeds: Record<string, Tensor> = {}
    this.layout.pairs.forEach(({ past }, index) => {
      const together = this.past[index]!
      feeds[past] = together
      caches.forEach((cache, text) => copyRows(apart[text]![past]!, 0, this.oneOf(together, text), 0, cache.length))
    })
    for (const name of ['attention_mask', 'position_ids']) {
      feeds[name] = stacked(
        this.ort,
        apart.map((each) => each[name]!),
      )
    }
    return feeds
  }

  /** One text's part of a tensor, which it shares memory with. */
  private oneOf({ type, data, dims }: Tensor, text: number): Tensor {
    const [, ...own] = dims
    const size = own.reduce((product, dimension) => product * dimension, 1)
    const part = (data as Float32Array).subarray(text * size, (text + 1) * size)
    return new this.ort.Tensor(type as 'float32', part, [1, ...own])
  }
}

/** Rows of whole numbers, the shorter ones followed by zeros. */
function stacked({ Tensor }: OnnxRuntime, rows: readonly Tensor[]): Tensor {
  const width = Math.max(...rows.map(({ size }) => size))
  const values = new BigInt64Array(rows.length * width)
  rows.forEach(({ data }, row) => values.set(data as BigInt64Array, row * width))
  return new Tensor('int64', values, [rows.length, width])
}
