import type { Tensor } from 'onnxruntime-node'
import type { OnnxRuntime } from '../onnxruntime.js'
import type { CacheLayout, Tensors } from './cache.js'
import type { Run } from './rows.js'

/**
 * What a pass wants to know beside the past.
 *
 * @param held How many tokens came before.
 * @param tokens How many there are in this pass.
 * @param rows How many rows of the past the mask is about.
 * @param stale Which of them do not count.
 */
export function textInputs(
  { Tensor }: OnnxRuntime,
  { held, tokens, rows, stale }: { held: number; tokens: number; rows: number; stale: readonly Run[] },
): Tensors {
  const mask = new BigInt64Array(rows + tokens).fill(1n)
  for (const [from, to] of stale) mask.fill(0n, from, to)
  const positions = BigInt64Array.from({ length: tokens }, (_, index) => BigInt(held + index))
  return {
    attention_mask: new Tensor('int64', mask, [1, mask.length]),
    position_ids: new Tensor('int64', positions, [1, tokens]),
  }
}

/** Room for so many rows, of one text or several, in each tensor of a cache. */
export function newTensors({ Tensor }: OnnxRuntime, layout: CacheLayout, rows: number, texts = 1): Tensor[] {
  const { pairs, type, heads, headSize } = layout
  const size = texts * heads * rows * headSize
  const values = (): Float32Array | Uint16Array => (type === 'float32' ? new Float32Array(size) : new Uint16Array(size))
  // The types of the package know 16-bit numbers in one kind of array, which not every Node.js has.
  return pairs.map(() => new Tensor(type as 'float32', values() as Float32Array, [texts, heads, rows, headSize]))
}
