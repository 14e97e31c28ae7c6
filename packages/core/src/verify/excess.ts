import { Distribution } from '../sampling/distribution.js'

/**
 * The residual max(0, scale * p - q): the probability that p wants and q does not give. Its `total` is the mass s, and
 * as a distribution it is the one to draw from after a rejection (Leviathan et al., 2211.17192, section 2.3; with a
 * scale: Sun et al., 2403.10444, equation 4).
 *
 * @returns `undefined` when nothing is left over.
 */
export function excess(p: Distribution, q: Distribution, scale = 1): Distribution | undefined {
  const weights = new Float64Array(p.weights.length)
  const factor = scale / p.total
  for (let i = 0; i < weights.length; i++) weights[i] = p.weights[i]! * factor

  if (p.ids) {
    for (let i = 0; i < weights.length; i++) weights[i]! -= q.probability(p.ids[i]!)
  } else {
    for (let i = 0; i < q.weights.length; i++) weights[q.ids ? q.ids[i]! : i]! -= q.weights[i]! / q.total
  }

  let total = 0
  for (let i = 0; i < weights.length; i++) {
    if (weights[i]! > 0) total += weights[i]!
    else weights[i] = 0
  }
  return total > 0 ? Distribution.trusted(weights, total, p.ids) : undefined
}
