import type { OpenForm } from '../form.js'
import type { Cache } from './cache.js'
import { distance, otherWidths } from './choose-rollback.js'

/** Texts of different lengths, one of them empty, and the token that follows each. */
const held = [[2, 3, 5, 7], [], [11]]
const next = [[13], [19], [29]]

/**
 * Tries whether texts can share a pass: compares the logits of three with those of each alone.
 *
 * @param newCache An empty cache that rolls back by number.
 */
export async function canShare(decoder: OpenForm, newCache: () => Cache, vocabSize: number): Promise<boolean> {
  if (decoder.passTogether === undefined) return false
  const legal = (tokens: readonly number[]) => ({ tokens: tokens.map((token) => token % vocabSize), outputs: 1 })
  const open = async (tokens: readonly number[]): Promise<Cache> => {
    const cache = newCache()
    if (tokens.length > 0) await decoder.pass(cache, legal(tokens).tokens, 1)
    return cache
  }
  const caches: Cache[] = []
  const alone: Float32Array[] = []
  for (const [index, tokens] of held.entries()) {
    caches.push(await open(tokens))
    alone.push((await decoder.pass(await open(tokens), legal(next[index]!).tokens, 1))!)
  }
  // A graph that cannot take such inputs says so by failing.
  const together = await decoder.passTogether(caches, next.map(legal)).catch(() => undefined)
  return together !== undefined && together.every((logits, text) => distance(logits!, alone[text]!) <= otherWidths)
}
