import { Distribution } from './distribution.js'

/** `share` of `a` and the rest of `b`. Both are of one vocabulary; either may be sparse. */
export function mix(share: number, a: Distribution, b: Distribution): Distribution {
  const factors = [share / a.total, (1 - share) / b.total] as const
  const [left, right] = [a.weights, b.weights]
  if (sameTokens(a, b)) {
    const weights = new Float64Array(left.length)
    let total = 0
    for (let i = 0; i < weights.length; i++) total += weights[i] = factors[0] * left[i]! + factors[1] * right[i]!
    return Distribution.trusted(weights, total, a.ids)
  }
  const sums = new Map<number, number>()
  for (const [side, { ids, weights }] of [a, b].entries()) {
    for (let i = 0; i < weights.length; i++) {
      const token = ids ? ids[i]! : i
      if (weights[i]! > 0) sums.set(token, (sums.get(token) ?? 0) + factors[side]! * weights[i]!)
    }
  }
  const ids = Int32Array.from(sums.keys()).sort()
  const weights = Float64Array.from(ids, (token) => sums.get(token)!)
  return Distribution.trusted(
    weights,
    weights.reduce((total, weight) => total + weight, 0),
    ids,
  )
}

/** Whether their weights are of the same tokens, one by one. */
function sameTokens(a: Distribution, b: Distribution): boolean {
  if (a.weights.length !== b.weights.length || !a.ids !== !b.ids) return false
  return a.ids === b.ids || a.ids!.every((id, i) => id === b.ids![i])
}
