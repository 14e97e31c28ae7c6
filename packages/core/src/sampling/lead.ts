import { kernels } from '../kernels/index.js'
import type { TokenId } from '../model.js'

/**
 * How far a token is ahead of the likeliest other one: `1 - p(other) / p(token)`, in `[0, 1]`; 0 where another is likelier.
 *
 * It foresees better than p(token) whether a larger model prefers the same token: what many unlikely tokens share between
 * them changes p(token), and nothing of that preference.
 */
export function lead(logits: Float32Array, token: TokenId): number {
  const other = Math.max(largest(logits.subarray(0, token)), largest(logits.subarray(token + 1)))
  return other < logits[token]! ? 1 - Math.exp(other - logits[token]!) : 0
}

function largest(logits: Float32Array): number {
  return logits[kernels.argmax(logits)] ?? -Infinity
}
