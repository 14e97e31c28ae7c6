import type { Distribution } from '../distribution.js'
import { subset } from '../truncate.js'

/**
 * "Exclude top choices" (p-e-w, text-generation-webui #6335): of the tokens with a probability of at least `threshold`,
 * only the least probable stays; among equals the highest id.
 *
 * @returns `undefined` when there are not two of them.
 */
export function excludeTopChoices(distribution: Distribution, threshold: number): Distribution | undefined {
  const { weights, total } = distribution
  const bar = threshold * total
  const top: number[] = []
  for (let i = 0; i < weights.length; i++) if (weights[i]! >= bar && weights[i]! > 0) top.push(i)
  if (top.length < 2) return undefined
  const least = top.reduce((a, b) => (weights[b]! <= weights[a]! ? b : a))
  const kept = new Int32Array(weights.length - top.length + 1)
  let count = 0
  for (let i = 0, next = 0; i < weights.length; i++) {
    const isTop = top[next] === i
    if (isTop) next++
    if (!isTop || i === least) kept[count++] = i
  }
  return subset(distribution, kept)
}
