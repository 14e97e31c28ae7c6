import type { Chance, DraftStrategy, TokenId } from '@foretoken/core'

/**
 * Drafts what the target is known to say, of any length, with one token replaced at any place, or none. So whole drafts
 * are accepted, and roll-backs of every length happen, which a good draft hardly ever causes.
 *
 * @param text Prompt and text of the plain run.
 * @param longest The longest draft, at least 1.
 */
export function misleading(text: readonly TokenId[], longest: number): DraftStrategy {
  return {
    name: 'misleading',
    open: ({ target: { vocabSize } }) => ({
      propose(context, { maxTokens, chance }) {
        const wanted = 1 + pick(Math.min(longest, maxTokens), chance)
        const tokens = text.slice(context.length, context.length + wanted)
        const wrong = pick(tokens.length + 1, chance)
        if (wrong < tokens.length) tokens[wrong] = (tokens[wrong]! + 1 + pick(vocabSize - 1, chance)) % vocabSize
        return { tokens }
      },
    }),
  }
}

/** A whole number from 0 to `count - 1`, each as likely as the other. */
function pick(count: number, chance: Chance): number {
  let last = count - 1
  while (last > 0 && !chance.happens(1 / (last + 1))) last--
  return last
}
