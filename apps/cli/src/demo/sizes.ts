import { ForetokenError } from '@foretoken/core'
import { draftShapes, estimateSize, type ShapeName, shapes } from '@foretoken/demo-models'
import type { Backend } from '../models/backend.js'
import { bytes } from '../terminal/format.js'

/** A size to inflate to; `none` runs the small models as they are. */
export type Size = ShapeName | 'none'

export const sizes: readonly Size[] = [...(Object.keys(shapes) as ShapeName[]), 'none']

/** What the runtime takes beside the weights, in bytes: caches, buffers, the program. */
const beside = 400e6

/** Bytes of memory that the inflated pair takes. In ONNX the target is in single precision. */
export function memoryFor(size: ShapeName, backend: Backend = 'llama'): number {
  return estimateSize(size, backend === 'onnx' ? 'F32' : 'F16') + estimateSize(draftShapes[size], 'Q4_0') + beside
}

/**
 * The size to show on this machine.
 *
 * @param wanted Default: 350m, or the small models as they are where memory is short.
 * @param free Bytes of memory that can be used.
 * @throws `out-of-memory` when what is wanted does not fit.
 */
export function chooseSize(wanted: Size | undefined, free: number, backend: Backend = 'llama'): Size {
  const size = wanted ?? '350m'
  const needed = size === 'none' ? 0 : memoryFor(size, backend)
  if (needed <= free) return size
  if (wanted === undefined) return 'none'
  throw new ForetokenError(
    'out-of-memory',
    `The ${size} pair needs ${bytes(needed)} of memory, and ${bytes(free)} are free: take a smaller --size (${sizes.join(', ')}).`,
  )
}
