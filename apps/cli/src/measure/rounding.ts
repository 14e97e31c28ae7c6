import type { LanguageModel, TokenId } from '@foretoken/core'

/** Plain decoding: one token a pass, from an empty sequence, and nothing is ever rolled back. What others are held against. */
export interface PlainRun {
  readonly prompt: readonly TokenId[]
  /** What was said, without the token that ended it. */
  readonly text: readonly TokenId[]
  /** The logits seen before each token of the text, and those behind its last one. */
  readonly rows: readonly Float32Array[]
  /** Whether the model ended the text. */
  readonly ended: boolean
}

/**
 * Decodes plainly, and keeps all logits.
 *
 * @param options.text What to say, where that is known; otherwise the likeliest token each time.
 * @param options.maxTokens With the prompt, no more than the context holds.
 */
export async function plainRun(options: {
  readonly model: LanguageModel
  readonly prompt: readonly TokenId[]
  readonly maxTokens: number
  readonly text?: readonly TokenId[]
  readonly signal?: AbortSignal | undefined
}): Promise<PlainRun> {
  const { model, prompt, maxTokens, signal } = options
  const text: TokenId[] = []
  const rows: Float32Array[] = []
  const sequence = await readPrompt(model, prompt, signal)
  try {
    for (;;) {
      const pass = await sequence.forward([text.at(-1) ?? prompt.at(-1)!], { outputs: 'last', signal })
      rows.push(pass.row(0).slice())
      const next = options.text ? options.text[text.length] : pass.argmax(0)
      const ended = next !== undefined && text.length < maxTokens && model.tokenizer.isEnd(next)
      if (next === undefined || ended || text.length === maxTokens) return { prompt, text, rows, ended }
      text.push(next)
    }
  } finally {
    await sequence.dispose()
  }
}

/**
 * How far logits move when the tokens of a plain run go through passes of other widths: a runtime takes other kernels
 * for these, which add up in another order.
 *
 * An empty sequence reads the text from its start to its end, so an error in rolling back has no part in this.
 *
 * @param widths Tokens of the first pass, the second …; begun anew until the text is through.
 * @returns For each row of the run, the largest difference of a logit.
 */
export async function passRounding(options: {
  readonly model: LanguageModel
  readonly plain: PlainRun
  readonly widths: readonly number[]
  readonly signal?: AbortSignal | undefined
}): Promise<number[]> {
  const { model, plain, widths, signal } = options
  const tokens = [plain.prompt.at(-1)!, ...plain.text]
  const differences: number[] = []
  const sequence = await readPrompt(model, plain.prompt, signal)
  try {
    for (let pass = 0; differences.length < tokens.length; pass++) {
      const from = differences.length
      const part = tokens.slice(from, from + widths[pass % widths.length]!)
      const rows = await sequence.forward(part, { outputs: 'all', signal })
      for (let i = 0; i < part.length; i++) differences.push(distance(rows.row(i), plain.rows[from + i]!))
    }
    return differences
  } finally {
    await sequence.dispose()
  }
}

/** The largest difference of two logits of the same token. NaN where one is NaN. */
export function distance(a: Float32Array, b: Float32Array): number {
  let largest = 0
  for (let i = 0; i < a.length; i++) {
    // Equal infinities differ by NaN.
    if (a[i] === b[i]) continue
    const difference = Math.abs(a[i]! - b[i]!)
    if (!(difference <= largest)) largest = difference
    if (Number.isNaN(difference)) return NaN
  }
  return largest
}

/** A new sequence that holds all of the prompt but its last token, as before the first round of a generation. */
async function readPrompt(model: LanguageModel, prompt: readonly TokenId[], signal: AbortSignal | undefined) {
  const sequence = await model.createSequence()
  try {
    if (prompt.length > 1) await sequence.forward(prompt.slice(0, -1), { outputs: 'none', signal })
    return sequence
  } catch (error) {
    await sequence.dispose()
    throw error
  }
}
