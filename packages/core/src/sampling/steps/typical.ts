import type { Candidates } from '../candidates.js'
import type { Distribution } from '../distribution.js'
import { indicesAtLeast, subset } from '../truncate.js'

/**
 * Locally typical sampling (Meister et al., 2202.00666, algorithm 1): keeps the tokens whose surprise -log p is nearest to
 * the entropy, as few as hold the probability `p` together (at least one). Among equally near ones lower ids come first.
 *
 * A surprise is a constant less the logit, and the entropy the same constant less the mean logit under p. So it is the
 * distance of a logit from that mean that counts, and no logarithm is needed.
 */
export function keepTypical(candidates: Candidates, p: number): Distribution {
  const { distribution, logits } = candidates
  const { weights, total } = distribution
  let sum = 0
  for (let i = 0; i < weights.length; i++) if (weights[i]! > 0) sum += weights[i]! * logits[i]!
  const mean = sum / total

  // Nearly all of a large vocabulary is so improbable that it is not wanted for its mass. It may be for its distance, when
  // the mean lies low: then the second look is at all tokens.
  const floor = (0.5 * total * (1 - p)) / weights.length
  const likely = nearest(indicesAtLeast(weights, floor), logits, mean, weights, p * total)
  // What was left out has smaller logits, and lies further away than the smallest that was looked at.
  if (likely.reach <= mean - likely.smallest) return subset(distribution, likely.indices)
  return subset(distribution, nearest(indicesAtLeast(weights, 0), logits, mean, weights, p * total).indices)
}

/** A bucket is an eighth of an octave of distances: 8 bits of exponent, 3 of the fraction. */
const BUCKETS = 2048
const SHIFT = 20

/**
 * Of the `candidates`, those whose logits are nearest to `mean`, as few as their weights reach `goal`: ascending indices,
 * how far they reach, and the smallest logit of all candidates. No sort but in the bucket of distances where they end.
 */
function nearest(
  candidates: Int32Array,
  logits: Float32Array,
  mean: number,
  weights: Distribution['weights'],
  goal: number,
): { indices: Int32Array; reach: number; smallest: number } {
  const distances = new Float32Array(candidates.length)
  const keys = new Uint32Array(distances.buffer)
  const sums = new Float64Array(BUCKETS)
  let smallest = Infinity
  for (let i = 0; i < candidates.length; i++) {
    const index = candidates[i]!
    smallest = Math.min(smallest, logits[index]!)
    distances[i] = Math.abs(logits[index]! - mean)
    sums[keys[i]! >>> SHIFT]! += weights[index]!
  }
  let before = 0
  let bucket = 0
  while (bucket < BUCKETS - 1 && before + sums[bucket]! < goal) before += sums[bucket++]!

  const near: number[] = []
  const last: number[] = []
  for (let i = 0; i < candidates.length; i++) {
    const own = keys[i]! >>> SHIFT
    if (own < bucket) near.push(candidates[i]!)
    // Distance first, then place, as one number: typed arrays of numbers sort fast.
    else if (own === bucket) last.push(keys[i]! * 2 ** 21 + i)
  }
  let reach = 0
  for (const entry of Float64Array.from(last).sort()) {
    const place = entry % 2 ** 21
    near.push(candidates[place]!)
    before += weights[candidates[place]!]!
    reach = distances[place]!
    if (before >= goal) break
  }
  return { indices: Int32Array.from(near).sort(), reach, smallest }
}
