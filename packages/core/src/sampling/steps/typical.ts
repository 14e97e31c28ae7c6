import type { Candidates } from '../candidates.js'
import type { Distribution } from '../distribution.js'
import { subset } from '../truncate.js'

/**
 * Locally typical sampling (Meister et al., 2202.00666, algorithm 1): keeps the tokens whose surprise -log p is nearest to
 * the entropy, as few as hold the probability `p` together (at least one). Among equally near ones lower ids come first.
 */
export function keepTypical(candidates: Candidates, p: number): Distribution {
  const { distribution } = candidates
  const { weights, total } = distribution
  let top = 0
  for (let i = 1; i < weights.length; i++) if (weights[i]! > weights[top]!) top = i
  // log p of any candidate from its logit, without a logarithm for each: they differ from their logits by a constant.
  const shift = Math.log(weights[top]! / total) - candidates.logit(top)
  let entropy = 0
  for (let i = 0; i < weights.length; i++) {
    if (weights[i]! > 0) entropy -= (weights[i]! / total) * (candidates.logit(i) + shift)
  }

  const distances = new Float32Array(weights.length)
  for (let i = 0; i < weights.length; i++) {
    distances[i] = weights[i]! > 0 ? Math.abs(candidates.logit(i) + shift + entropy) : Infinity
  }
  return subset(distribution, nearest(distances, weights, p * total))
}

/** A bucket is an eighth of an octave of distances: 8 bits of exponent, 3 of the fraction. */
const BUCKETS = 2048
const SHIFT = 20

/** The indices of the smallest distances whose weights reach `goal`, ascending. No sort but in the bucket where they do. */
function nearest(distances: Float32Array, weights: Distribution['weights'], goal: number): Int32Array {
  const keys = new Uint32Array(distances.buffer)
  const sums = new Float64Array(BUCKETS)
  for (let i = 0; i < keys.length; i++) sums[keys[i]! >>> SHIFT]! += weights[i]!
  let before = 0
  let bucket = 0
  while (bucket < BUCKETS - 1 && before + sums[bucket]! < goal) before += sums[bucket++]!

  const chosen: number[] = []
  const last: number[] = []
  for (let i = 0; i < keys.length; i++) {
    const own = keys[i]! >>> SHIFT
    if (own < bucket) chosen.push(i)
    else if (own === bucket && weights[i]! > 0) last.push(i)
  }
  last.sort((a, b) => distances[a]! - distances[b]! || a - b)
  for (const index of last) {
    chosen.push(index)
    before += weights[index]!
    if (before >= goal) break
  }
  return Int32Array.from(chosen).sort()
}
