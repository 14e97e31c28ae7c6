import type { TokenId } from '../../model.js'
import type { Candidates } from '../candidates.js'

/** Adds to logits, by token. */
export function bias(biases: Readonly<Record<TokenId, number>>): (candidates: Candidates) => void {
  const entries = Object.entries(biases).map(([token, value]) => [Number(token), value] as const)
  return (candidates) => {
    const logits = candidates.change()
    for (const [token, value] of entries) logits[token]! += value
  }
}
