import type { Distribution } from '../distribution.js'
import { indicesAtLeast } from '../truncate.js'

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
