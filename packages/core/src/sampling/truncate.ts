import { kernels } from '../kernels/index.js'
import { Distribution } from './distribution.js'

/** Keeps the `k` most probable tokens (at least one); among equals the lower ids. `Distribution.total` is theirs. */
export function keepTopK(distribution: Distribution, k: number): Distribution {
  const count = Math.max(1, k)
  const most = distribution.weights[largestIndex(distribution.weights)]!
  // A few tokens have nearly everything: they are looked for first, and most rows need no further look.
  let likely = distribution
  for (const share of [2 ** -8, 2 ** -16, 2 ** -20, 2 ** -24, 2 ** -28, 2 ** -40, 0]) {
    likely = atLeast(distribution, most * share)
    if (likely.weights.length >= count) break
  }
  return likely.weights.length <= count ? likely : keep(likely, boundary(likely.weights, 'count', count))
}

/**
 * Keeps the most probable tokens, as few as reach the probability `p` together (at least one); among equals the lower
 * ids come first. Reached is meant up to the rounding of 64-bit sums.
 */
export function keepTopP(distribution: Distribution, p: number): Distribution {
  const { weights, total } = distribution
  // All tokens up to this weight hold at most half of 1 - p together, so that none of them is needed; half, so that it
  // is not a matter of rounding. Of a large vocabulary hardly anything is left.
  const floor = (0.5 * total * (1 - p)) / weights.length
  const likely = atLeast(distribution, floor)
  return keep(likely, boundary(likely.weights, 'weight', total * p))
}

/** Keeps the tokens that are at least `m` times as probable as the most probable one. */
export function keepMinP(distribution: Distribution, m: number): Distribution {
  const { weights } = distribution
  return atLeast(distribution, m * weights[largestIndex(weights)]!)
}

/** The index of the largest weight; the first among equals. */
export function largestIndex(weights: Weights): number {
  if (weights instanceof Float32Array) return kernels.argmax(weights)
  let best = 0
  for (let i = 1; i < weights.length; i++) if (weights[i]! > weights[best]!) best = i
  return best
}

/** The tokens of at least this weight; all that have any weight when it is 0. */
export function atLeast(distribution: Distribution, weight: number): Distribution {
  return subset(distribution, indicesAtLeast(distribution.weights, weight))
}

/** The indices of the weights that are at least `least`, ascending. A weight of 0 never is. */
export function indicesAtLeast(weights: Weights, least: number): Int32Array {
  const floor = Math.max(least, Number.MIN_VALUE)
  if (weights instanceof Float32Array) return kernels.atLeast(weights, floor)
  return Int32Array.from(weights.keys()).filter((index) => weights[index]! >= floor)
}

/** Tokens above `weight` stay, and the first `equals` of those that have it. */
interface Boundary {
  readonly weight: number
  readonly equals: number
}

function keep(distribution: Distribution, { weight, equals }: Boundary): Distribution {
  const kept = indicesFrom(distribution.weights, weight, equals)
  return kept.length === 0 ? distribution : subset(distribution, kept)
}

/** The candidates at `kept`, ascending indices, which become the token ids of the result. At least one. */
export function subset({ ids, weights }: Distribution, kept: Int32Array): Distribution {
  const keptWeights = weights instanceof Float32Array ? new Float32Array(kept.length) : new Float64Array(kept.length)
  let total = 0
  for (let i = 0; i < kept.length; i++) {
    const index = kept[i]!
    total += keptWeights[i] = weights[index]!
    if (ids) kept[i] = ids[index]!
  }
  return Distribution.trusted(keptWeights, total, kept)
}

/** The distribution without some of its tokens. */
export function without({ ids, weights }: Distribution, indices: readonly number[]): Distribution {
  const rest = weights.slice()
  for (const index of indices) rest[index] = 0
  // Two sums, so that an addition need not wait for the one before.
  let [even, odd] = [0, 0]
  for (let i = 0; i + 1 < rest.length; i += 2) {
    even += rest[i]!
    odd += rest[i + 1]!
  }
  if (rest.length % 2 === 1) even += rest[rest.length - 1]!
  return Distribution.trusted(rest, even + odd, ids)
}

type Weights = Distribution['weights']

/** The indices of the weights on the right side of a boundary, ascending. A weight of 0 never is. */
function indicesFrom(weights: Weights, weight: number, equals: number): Int32Array {
  const indices = new Int32Array(weights.length)
  let count = 0
  let left = equals
  for (let i = 0; i < weights.length; i++) {
    const candidate = weights[i]!
    if (candidate < weight) continue
    if (candidate === weight && (candidate === 0 || left-- <= 0)) continue
    indices[count++] = i
  }
  return indices.slice(0, count)
}

/** What a prefix is measured by: its length, or the sum of its weights. */
type Measure = 'count' | 'weight'

/**
 * Where the smallest prefix of the weights, sorted descending, ends that measures `goal`; everything when all of them do
 * not.
 *
 * No sort: the measure of each eighth of an octave tells in which of them the end lies, and only that one is looked into.
 */
function boundary(weights: Weights, measure: Measure, goal: number): Boundary {
  if (weights.length <= 1024) return select(Float64Array.from(weights), measure, goal)
  const keys = bucketKeys(weights)
  const counts = new Float64Array(BUCKETS)
  const sums = new Float64Array(BUCKETS)
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]!
    if (weight === 0) continue
    const bucket = keys[i]! >>> SHIFT
    counts[bucket]! += 1
    sums[bucket]! += weight
  }
  const measures = measure === 'count' ? counts : sums
  let before = 0
  let bucket = BUCKETS - 1
  while (bucket > 0 && before + measures[bucket]! < goal) before += measures[bucket--]!

  const values = new Float64Array(counts[bucket]!)
  let count = 0
  for (let i = 0; count < values.length; i++) {
    if (keys[i]! >>> SHIFT === bucket && weights[i]! > 0) values[count++] = weights[i]!
  }
  return count > 0 ? select(values, measure, goal - before) : { weight: 0, equals: 0 }
}

const BUCKETS = 2048
const SHIFT = 20

/** 32-bit floats, of which the bits order as the values do: 8 bits of exponent, then 3 of the fraction. */
function bucketKeys(weights: Weights): Uint32Array {
  const { buffer, byteOffset, length } = weights instanceof Float32Array ? weights : Float32Array.from(weights)
  return new Uint32Array(buffer, byteOffset, length)
}

/** Quickselect: as {@link boundary}, of values that are few or alike. Reorders them. */
function select(values: Float64Array, measure: Measure, goal: number): Boundary {
  let start = 0
  let end = values.length
  let needed = goal
  let pivot = 0
  while (start < end) {
    pivot = middle(values[start]!, values[(start + end) >>> 1]!, values[end - 1]!)
    // Three parts: larger [start, upper), equal [upper, lower), smaller [lower, end).
    let upper = start
    let lower = end
    let sum = 0
    for (let i = start; i < lower;) {
      const value = values[i]!
      if (value > pivot) {
        sum += value
        values[i++] = values[upper]!
        values[upper++] = value
      } else if (value < pivot) {
        values[i] = values[--lower]!
        values[lower] = value
      } else i++
    }
    const larger = measure === 'count' ? upper - start : sum
    if (upper > start && larger >= needed) {
      end = upper
      continue
    }
    const one = measure === 'count' ? 1 : pivot
    const equals = Math.max(1, Math.ceil((needed - larger) / one))
    if (equals <= lower - upper) return { weight: pivot, equals }
    needed -= larger + (lower - upper) * one
    start = lower
  }
  return { weight: pivot, equals: Infinity }
}

function middle(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c))
}
