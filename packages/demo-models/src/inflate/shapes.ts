import { ForetokenError } from '@foretoken/core'
import { byteLength, formats, isWritable, type WritableType, writableTypes } from '@foretoken/gguf'
import { type Geometry, llamaTensors, type Role } from './geometry.js'

/** How large an inflated model is. Its heads have the size of the small model's (64 in ours); its vocabulary too. */
export interface Shape {
  /** Width of the residual stream. */
  readonly hidden: number
  readonly layers: number
  /** Width of the feed-forward layer. */
  readonly feedForward: number
  readonly heads: number
  /** Heads of the KV cache; divides `heads`. */
  readonly kvHeads: number
}

/**
 * Usual sizes, for heads of 64 and a small vocabulary: where large models have 32,000 tokens and more, these have a few
 * more layers, so that each has the weights its name says.
 */
export const shapes = {
  '350m': { hidden: 1024, layers: 31, feedForward: 2816, heads: 16, kvHeads: 4 },
  '1.1b': { hidden: 2048, layers: 25, feedForward: 5632, heads: 32, kvHeads: 4 },
  // Models of this size have 32 heads of 128: 64 of 64 are as wide.
  '7b': { hidden: 4096, layers: 32, feedForward: 14336, heads: 64, kvHeads: 16 },
  '34b': { hidden: 8192, layers: 49, feedForward: 22016, heads: 128, kvHeads: 16 },
} as const satisfies Record<string, Shape>

export type ShapeName = keyof typeof shapes

/**
 * For each target in F16 a draft in Q4_0 whose pass takes about an eighth of the time, as in the founding experiment. The
 * first two were measured with llama.cpp on one and on two cores of a busy x86 server: between 1/7 and 1/9.4. The others
 * follow their proportions. Few, wide layers, because each layer costs a fixed time whatever its width.
 */
export const draftShapes: Readonly<Record<ShapeName, Shape>> = {
  '350m': { hidden: 1024, layers: 8, feedForward: 2816, heads: 16, kvHeads: 4 },
  '1.1b': { hidden: 1536, layers: 12, feedForward: 4096, heads: 24, kvHeads: 4 },
  '7b': { hidden: 3072, layers: 19, feedForward: 8192, heads: 48, kvHeads: 8 },
  '34b': shapes['7b'],
}

/** The sizes behind a name. @throws `invalid-argument` when there is no such shape, or a size is no positive integer. */
export function shapeOf(shape: ShapeName | Shape): Shape {
  if (typeof shape === 'string') {
    if (!Object.hasOwn(shapes, shape)) {
      throw new ForetokenError(
        'invalid-argument',
        `There is no shape ${shape}: use ${Object.keys(shapes).join(', ')}, or sizes`,
      )
    }
    return shapes[shape]
  }
  for (const dimension of ['hidden', 'layers', 'feedForward', 'heads', 'kvHeads'] as const) {
    const size = shape[dimension]
    // The upper end is llama.cpp's for layers, and far beyond any model for the others.
    if (!Number.isInteger(size) || size < 1 || size > (dimension === 'layers' ? 512 : 1 << 20)) {
      throw new ForetokenError('invalid-argument', `The shape's ${dimension} is ${size}, which is no size for a model`)
    }
  }
  if (shape.heads % shape.kvHeads !== 0) {
    throw new ForetokenError('invalid-argument', `${shape.heads} heads cannot share ${shape.kvHeads} KV heads evenly`)
  }
  return shape
}

/** The type that a tensor has in a file of `type`. */
export function tensorTypeFor(role: Role, type: WritableType): WritableType {
  if (role === 'norm') return 'F32'
  // The embedding is the output matrix as well, and 4 bits are too few for that.
  if ((role === 'embedding' || role === 'output') && type === 'Q4_0') return 'Q8_0'
  return type
}

/**
 * How many bytes an inflated file takes, without its header (which holds the vocabulary: 130 KB for 4,096 tokens).
 *
 * @param options What the small model brings along: its vocabulary and head size. Default: as our demo pair.
 * @throws `invalid-argument` when there is no such shape or type.
 */
export function estimateSize(
  shape: ShapeName | Shape,
  type: WritableType,
  options: { readonly vocabSize?: number; readonly headSize?: number } = {},
): number {
  checkType(type)
  const { vocabSize = 4096, headSize = 64 } = options
  const tensors = llamaTensors({ ...shapeOf(shape), vocabSize, headSize, tied: true })
  return tensors.reduce(
    (sum, { role, columns, rows }) => sum + byteLength(tensorTypeFor(role, type), columns * rows),
    0,
  )
}

/** @throws `invalid-argument` when `type` is not one that we write. */
export function checkType(type: WritableType): void {
  if (!isWritable(type)) {
    throw new ForetokenError('invalid-argument', `Cannot write ${String(type)}: use ${writableTypes()}`)
  }
}

/**
 * The sizes of `small` inflated to `shape`.
 *
 * @throws `invalid-argument` naming the dimension in which `small` does not fit.
 */
export function inflatedGeometry(small: Geometry, shape: Shape, type: WritableType): Geometry {
  const large = { ...small, ...shape }
  for (const dimension of ['hidden', 'layers', 'feedForward', 'kvHeads'] as const) {
    if (large[dimension] < small[dimension]) {
      throw new ForetokenError(
        'invalid-argument',
        `The shape's ${dimension} is ${large[dimension]}, and the model's is ${small[dimension]}: it must be at least that`,
      )
    }
  }
  if (large.heads / large.kvHeads < small.heads / small.kvHeads) {
    throw new ForetokenError(
      'invalid-argument',
      `The shape has ${large.heads} heads for ${large.kvHeads} KV heads, and the model ${small.heads} for ` +
        `${small.kvHeads}: each KV head needs at least as many heads as the model's. Take fewer kvHeads or more heads`,
    )
  }
  const { block } = formats[type]
  const widths = {
    hidden: large.hidden,
    feedForward: large.feedForward,
    'heads x head size': large.heads * large.headSize,
  }
  for (const [dimension, width] of Object.entries(widths)) {
    if (width % block !== 0) {
      throw new ForetokenError(
        'invalid-argument',
        `The shape's ${dimension} is ${width}: ${type} needs a multiple of ${block}`,
      )
    }
  }
  return large
}
