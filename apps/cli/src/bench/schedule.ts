import { ForetokenError } from '@foretoken/core'
import type { KindedPrompt } from '../models/prompts.js'

/** Which prompt is used when: each once, in rounds of one prompt of each kind. */
export interface Schedule {
  readonly warmUp: KindedPrompt
  readonly rounds: readonly (readonly KindedPrompt[])[]
}

/**
 * Spreads prompts over rounds. No prompt comes twice: what a cache or a strategy remembers of it would flatter the second
 * time. The last prompt of the first kind is for warming up.
 *
 * @throws `invalid-argument` when the prompts do not suffice.
 */
export function schedule(prompts: readonly KindedPrompt[], rounds: number): Schedule {
  const [first, ...others] = byKind(prompts)
  const warmUp = first?.at(-1)
  if (!first || !warmUp) throw new ForetokenError('invalid-argument', 'There are no prompts.')
  const kinds = [first.slice(0, -1), ...others]
  const most = Math.min(...kinds.map((list) => list.length))
  if (rounds > most) {
    throw new ForetokenError(
      'invalid-argument',
      `${rounds} rounds need ${rounds} prompts of each kind and one more to warm up, and there are enough for ${most}: ` +
        'take fewer --rounds, or prompts of your own (--prompts).',
    )
  }
  return { warmUp, rounds: Array.from({ length: rounds }, (_, round) => kinds.map((list) => list[round]!)) }
}

function byKind(prompts: readonly KindedPrompt[]): KindedPrompt[][] {
  const lists = new Map<string, KindedPrompt[]>()
  for (const prompt of prompts) lists.set(prompt.kind, [...(lists.get(prompt.kind) ?? []), prompt])
  return [...lists.values()]
}
