import type { Tensor } from 'onnxruntime-node'

/** Consecutive rows, `[from, to)`. */
export type Run = readonly [from: number, to: number]

/** Copies rows between cache tensors `[1, heads, rows, headSize]` of one type, in all heads. */
export function copyRows(source: Tensor, from: number, target: Tensor, to: number, count: number): void {
  const [, heads, sourceRows, size] = source.dims as [number, number, number, number]
  const targetRows = target.dims[2]!
  const [read, written] = [source.data as Float32Array, target.data as Float32Array]
  for (let head = 0; head < heads; head++) {
    const start = (head * sourceRows + from) * size
    written.set(read.subarray(start, start + count * size), (head * targetRows + to) * size)
  }
}
