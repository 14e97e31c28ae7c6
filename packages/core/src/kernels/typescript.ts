import type { Kernels } from './index.js'

/**
 * The kernels in plain TypeScript: the definition that `kernels.wat` follows operation by operation. Every 32-bit
 * operation is rounded with `Math.fround`, and sums are kept in the four lanes that a 128-bit vector has.
 */
export const typescriptKernels: Kernels = {
  name: 'typescript',

  argmax(row) {
    let [best, max] = [0, -Infinity]
    for (let i = 0; i < row.length; i++) {
      if (row[i]! > max) [best, max] = [i, row[i]!]
    }
    return best
  },

  softmax(row, scale, weights) {
    const max = maximum(row)
    if (max === Infinity) return softmaxOfInfinity(row, weights)
    const factor = toFactor(scale)
    const lanes = new Float64Array(4)
    for (let i = 0; i < row.length; i++) {
      const weight = exp(Math.fround(Math.fround(row[i]! - max) * factor))
      weights[i] = weight
      lanes[i & 3]! += weight
    }
    return lanes[0]! + lanes[2]! + (lanes[1]! + lanes[3]!)
  },

  atLeast(weights, floor) {
    const indices = new Int32Array(weights.length)
    let count = 0
    for (let i = 0; i < weights.length; i++) if (weights[i]! >= floor) indices[count++] = i
    return indices.slice(0, count)
  },
}

/** The limit when logits grow: tokens at +Infinity share everything equally. */
export function softmaxOfInfinity(row: Float32Array, weights: Float32Array): number {
  let count = 0
  for (let i = 0; i < row.length; i++) {
    const infinite = row[i] === Infinity
    weights[i] = infinite ? 1 : 0
    if (infinite) count++
  }
  return count
}

/** `scale` in 32 bits. Kept finite, so that the largest logit (0 after its own subtraction) has weight 1 and not NaN. */
export function toFactor(scale: number): number {
  return Math.fround(Math.min(scale, LARGEST))
}

const LARGEST = 3.4028234663852886e38

/** -Infinity when there is nothing but NaN. */
function maximum(row: Float32Array): number {
  let max = -Infinity
  for (let i = 0; i < row.length; i++) if (row[i]! > max) max = row[i]!
  return max
}

const LOG2_E = Math.fround(1.442695)
/** ln 2 in two parts; the first has so few bits that its product with a power of two's exponent is exact. */
const LN2_HIGH = Math.fround(0.693359375)
const LN2_LOW = Math.fround(-0.00021219444)
/** Added and subtracted, it rounds a 32-bit float to an integer: 1.5 * 2^23. */
const ROUNDER = 12582912
/** e^r = 1 + r + r^2 (C2 + C3 r + ...), the smallest relative error (4e-9) on [-ln 2 / 2, ln 2 / 2]. */
const C2 = Math.fround(0.49999994)
const C3 = Math.fround(0.16666521)
const C4 = Math.fround(0.04166839)
const C5 = Math.fround(0.008368745)
const C6 = Math.fround(0.001381454)
/** 2^-n at n. */
const powers = Float32Array.from({ length: 127 }, (_, n) => 2 ** -n)

/**
 * e^x for a 32-bit x <= 0, with a relative error below 1e-7. Below -87, where the result would leave the normal 32-bit
 * range, it is 0; so it is for NaN.
 */
export function exp(x: number): number {
  if (!(x >= -87)) return 0
  const { fround } = Math
  const n = fround(fround(fround(x * LOG2_E) + ROUNDER) - ROUNDER)
  const r = fround(fround(x - fround(n * LN2_HIGH)) - fround(n * LN2_LOW))
  let q = fround(fround(C6 * r) + C5)
  q = fround(fround(q * r) + C4)
  q = fround(fround(q * r) + C3)
  q = fround(fround(q * r) + C2)
  const y = fround(fround(fround(fround(r * r) * q) + r) + 1)
  return fround(y * powers[-n]!)
}
