import { Distribution } from './distribution.js'

/** Keeps the `k` most probable tokens (at least one); among equals the lower ids. `Distribution.total` is theirs. */
export function keepTopK(distribution: Distribution, k: number): Distribution {
  const { weights } = distribution
  const count = Math.max(1, k)
  // The buffer is the faster of the two while it seldom runs full.
  const few = count * 512 <= weights.length
  return keep(
    distribution,
    few ? select(largest(weights, count), 'count', count) : boundary(weights, 'count', count, 0),
  )
}

/**
 * Keeps the most probable tokens, as few as reach the probability `p` together (at least one); among equals the lower
 * ids come first. Reached is meant up to the rounding of 64-bit sums.
 */
export function keepTopP(distribution: Distribution, p: number): Distribution {
  const { weights, total } = distribution
  // All tokens up to this weight hold at most half of 1 - p together, so that none of them is needed; half, so that it
  // is not a matter of rounding.
  const floor = (0.5 * total * (1 - p)) / weights.length
  return keep(distribution, boundary(weights, 'weight', total * p, floor))
}

/** Keeps the tokens that are at least `m` times as probable as the most probable one. */
export function keepMinP(distribution: Distribution, m: number): Distribution {
  const { weights } = distribution
  let max = 0
  for (let i = 0; i < weights.length; i++) if (weights[i]! > max) max = weights[i]!
  return keep(distribution, { weight: m * max, equals: Infinity })
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

type Weights = Distribution['weights']

/** The indices of the weights on the right side of a boundary, ascending. A weight of 0 never is. */
function indicesFrom(weights: Weights, weight: number, equals: number): Int32Array {
  let indices: Int32Array = new Int32Array(Math.min(weights.length, 1024))
  let count = 0
  let left = equals
  for (let i = 0; i < weights.length; i++) {
    const candidate = weights[i]!
    if (!(candidate >= weight) || candidate === 0) continue
    if (candidate === weight && left-- <= 0) continue
    if (count === indices.length) indices = lengthened(indices, weights.length)
    indices[count++] = i
  }
  return indices.slice(0, count)
}

function lengthened(indices: Int32Array, most: number): Int32Array {
  const longer = new Int32Array(Math.min(most, indices.length * 4))
  longer.set(indices)
  return longer
}

/** What a prefix is measured by: its length, or the sum of its weights. */
type Measure = 'count' | 'weight'

/**
 * Where the smallest prefix of the weights, sorted descending, ends that measures `goal`; everything when all of them do
 * not. Weights up to `floor` are left out.
 *
 * No sort: the measure of each eighth of an octave tells in which of them the end lies, and only that one is looked into.
 */
function boundary(weights: Weights, measure: Measure, goal: number, floor: number): Boundary {
  const keys = bucketKeys(weights)
  const counts = new Float64Array(BUCKETS)
  const sums = new Float64Array(BUCKETS)
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]!
    if (!(weight > floor)) continue
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
    if (keys[i]! >>> SHIFT === bucket && weights[i]! > floor) values[count++] = weights[i]!
  }
  return count > 0 ? select(values, measure, goal - before) : { weight: floor, equals: 0 }
}

/**
 * The `count` largest weights and perhaps some more. One pass with a buffer, which is cut down to its `count` largest
 * whenever it is full; the smallest of them is the bar that a later weight has to pass.
 */
function largest(weights: Weights, count: number): Float64Array {
  const buffer = new Float64Array(Math.max(2 * count, 256))
  let used = 0
  let bar = 0
  for (let i = 0; i < weights.length; i++) {
    if (!(weights[i]! > bar)) continue
    buffer[used++] = weights[i]!
    if (used < buffer.length) continue
    bar = select(buffer, 'count', count).weight
    used = count
  }
  return buffer.subarray(0, used)
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
