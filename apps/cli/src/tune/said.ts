import { generate, type LanguageModel, type TokenId } from '@foretoken/core'
import type { KindedPrompt } from '../models/prompts.js'

/** What the target says after a prompt, at temperature 0. */
export interface SaidText {
  readonly prompt: readonly TokenId[]
  readonly tokens: readonly TokenId[]
  /** Milliseconds of decoding. */
  readonly ms: number
}

/** How long plain decoding may take in all, in milliseconds, and how long texts are. */
const mostMs = 12_000
const [fewest, most] = [24, 48]

/** How many tokens of each of `texts` texts there is time for. @param passMs T(1). */
export function textLength(texts: number, passMs: number): number {
  return Math.min(most, Math.max(fewest, Math.floor(mostMs / (texts * passMs))))
}

/** Decodes plainly after each prompt. Texts that end before they begin are left out. */
export async function sayTexts(
  model: LanguageModel,
  prompts: readonly KindedPrompt[],
  options: {
    /** T(1), in milliseconds. What the first texts take is believed more. */
    readonly passMs: number
    readonly signal: AbortSignal
    readonly onProgress: (fraction: number) => void
  },
): Promise<SaidText[]> {
  const { signal, onProgress } = options
  let { passMs } = options
  const texts: SaidText[] = []
  for (const [index, { text }] of prompts.entries()) {
    const prompt = model.tokenizer.encode(text, { start: true })
    const maxTokens = textLength(prompts.length, passMs)
    let said = 0
    const generation = generate({ model, prompt, maxTokens, temperature: 0, signal })
    for await (const { type } of generation) {
      if (type === 'token') onProgress((index + ++said / maxTokens) / prompts.length)
    }
    const { tokens, stats } = await generation.result()
    if (tokens.length === 0) continue
    texts.push({ prompt, tokens, ms: stats.decodeMs })
    passMs = stats.decodeMs / tokens.length
  }
  return texts
}
