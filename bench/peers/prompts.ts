import { builtInPrompts, type KindedPrompt } from '../../apps/cli/src/models/prompts.js'
import { loadModel } from '../../packages/backend-llama/src/index.js'
import { ForetokenError, generate } from '../../packages/core/src/index.js'
import { target } from '../../packages/demo-models/src/index.js'
import type { Options } from './options.js'

/** Tells which texts do not end of themselves before they have so many tokens. */
export interface Foresight {
  goesOn(prompt: string): Promise<boolean>
  close(): Promise<void>
}

/**
 * Speeds of a few tokens say little, and peers count the token that ends a text differently. The demo target tells, as
 * inflated ones say the same, and it takes milliseconds.
 */
export async function openForesight(maxTokens: number, signal: AbortSignal): Promise<Foresight> {
  const model = await loadModel({ path: target, gpu: false, threads: 1, contextSize: 1024, signal })
  return {
    async goesOn(prompt) {
      const { finishReason } = await generate({ model, prompt, maxTokens, signal }).result()
      return finishReason === 'length'
    },
    close: () => model.dispose(),
  }
}

/**
 * Prompts whose texts do not end of themselves before they have `maxTokens`.
 *
 * @returns As many of each kind as there are to be, one of each kind after the other.
 * @throws `invalid-argument` when there are too few.
 */
export async function longPrompts(
  { content, prompts, maxTokens }: Pick<Options, 'content' | 'prompts' | 'maxTokens'>,
  signal: AbortSignal,
): Promise<KindedPrompt[][]> {
  const all = await builtInPrompts(content)
  const foresight = await openForesight(maxTokens, signal)
  try {
    const lists: KindedPrompt[][] = []
    for (const kind of content) {
      const found: KindedPrompt[] = []
      for (const prompt of all.filter((each) => each.kind === kind)) {
        if (found.length === prompts) break
        if (await foresight.goesOn(prompt.text)) found.push(prompt)
      }
      if (found.length < prompts) {
        throw new ForetokenError(
          'invalid-argument',
          `${found.length} texts of the kind ${kind} go on for ${maxTokens} tokens: take fewer --prompts or --max-tokens.`,
        )
      }
      lists.push(found)
    }
    return Array.from({ length: prompts }, (_, i) => lists.map((list) => list[i]!))
  } finally {
    await foresight.close()
  }
}

/** A quarter of the rounds to choose the settings by, and the rest, which count. */
export function split(rounds: readonly (readonly KindedPrompt[])[]): {
  choosing: KindedPrompt[]
  counting: KindedPrompt[]
} {
  const first = Math.max(1, Math.floor(rounds.length / 4))
  return { choosing: rounds.slice(0, first).flat(), counting: rounds.slice(first).flat() }
}
