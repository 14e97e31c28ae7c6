import type { TokenId } from '@foretoken/core'

const run = 8

/**
 * The share of tokens that do not end a run of eight which the same text already held. Small models that decode greedily go
 * round in circles, and circles are easy to foresee: where little is fresh, a speed-up says little about other models.
 *
 * @returns In `[0, 1]`; NaN without tokens.
 */
export function freshShare(texts: readonly (readonly TokenId[])[]): number {
  let [fresh, all] = [0, 0]
  for (const text of texts) {
    const seen = new Set<string>()
    for (const end of text.keys()) {
      const last = text.slice(end + 1 - run, end + 1).join()
      if (end + 1 < run || !seen.has(last)) fresh++
      seen.add(last)
      all++
    }
  }
  return fresh / all
}
