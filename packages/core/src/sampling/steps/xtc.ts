import { Distribution } from '../distribution.js'
import { indicesAtLeast, without } from '../truncate.js'

/**
 * "Exclude top choices" (p-e-w, text-generation-webui #6335): of the tokens with a probability of at least `threshold`,
 * only the least probable stays; among equals the highest id.
 *
 * @returns The tokens that go, as indices of the distribution's weights; none when there are not two such tokens.
 */
export function topChoices({ weights, total }: Distribution, threshold: number): number[] {
  const top = [...indicesAtLeast(weights, threshold * total)]
  if (top.length < 2) return []
  const least = top.reduce((a, b) => (weights[b]! <= weights[a]! ? b : a))
  return top.filter((index) => index !== least)
}

/**
 * The distribution without `top` with probability `share`, and as it is otherwise, as one: the others keep their weights, and
 * those of `top` shrink.
 */
export function shrink(distribution: Distribution, top: readonly number[], share: number): Distribution {
  const { ids, weights, total: rest } = without(distribution, top)
  const factor = ((1 - share) * rest) / (share * distribution.total + (1 - share) * rest)
  let total = rest
  for (const index of top) {
    weights[index] = distribution.weights[index]! * factor
    total += weights[index]!
  }
  return Distribution.trusted(weights, total, ids)
}
