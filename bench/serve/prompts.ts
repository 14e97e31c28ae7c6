import { builtInPrompts } from '../../apps/cli/src/models/prompts.js'
import { ForetokenError } from '../../packages/core/src/index.js'
import { promptKinds } from '../../packages/demo-models/src/index.js'
import { openForesight } from '../peers/prompts.js'
import type { Options } from './options.js'
import { withoutDrafts } from './side.js'

/**
 * Rounds of prompts, no two of them alike, each with its share of every kind; the texts go on for as long as they are
 * wanted.
 *
 * @param count How many rounds.
 * @throws `invalid-argument` when there are too few prompts.
 */
export async function openRounds(
  count: number,
  { requests, maxTokens }: Pick<Options, 'requests' | 'maxTokens'>,
  signal: AbortSignal,
): Promise<string[][]> {
  const all = mixed(await builtInPrompts(promptKinds))
  const foresight = await openForesight(maxTokens, signal)
  try {
    const found: string[] = []
    for (const { text } of all) {
      if (found.length === count * requests) break
      if ((await foresight.goesOn(text)) && (await foresight.goesOn(withoutDrafts(text)))) found.push(text)
    }
    if (found.length < count * requests) {
      throw new ForetokenError(
        'invalid-argument',
        `${found.length} texts go on for ${maxTokens} tokens, and ${count * requests} are needed: take fewer --rounds or --requests, or fewer --max-tokens.`,
      )
    }
    return Array.from({ length: count }, (_, i) => found.slice(i * requests, (i + 1) * requests))
  } finally {
    await foresight.close()
  }
}

/** The kinds spread evenly, however many there are of each. */
export function mixed<T extends { readonly kind: string }>(prompts: readonly T[]): T[] {
  const seen = new Map<string, number>()
  const total = new Map<string, number>()
  for (const { kind } of prompts) total.set(kind, (total.get(kind) ?? 0) + 1)
  return prompts
    .map((prompt) => {
      const before = seen.get(prompt.kind) ?? 0
      seen.set(prompt.kind, before + 1)
      return { prompt, place: (before + 0.5) / total.get(prompt.kind)! }
    })
    .sort((a, b) => a.place - b.place)
    .map(({ prompt }) => prompt)
}
