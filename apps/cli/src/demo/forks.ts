import type { LanguageModel } from '@foretoken/core'
import type { Heat } from '../measure/contest.js'
import { type Fork, findFork, forkMargin, judgeFork } from '../measure/fork.js'
import { passRounding, plainRun } from '../measure/rounding.js'
import { largest } from '../measure/statistics.js'

/** A fork between the plain and the speculative text of a pair, explained. */
export interface ExplainedFork extends Fork {
  readonly prompt: string
  /** In logits: by how much the target preferred its token to the one that speculation gave. */
  readonly margin: number
  /** In logits: the largest difference seen between passes over one token and over several. */
  readonly rounding: number
  readonly verdict: 'near-tie' | 'bug'
}

/**
 * Explains each fork of `heats`.
 *
 * @param texts The prompts, by name.
 * @param width Tokens in a pass of the speculative runs.
 */
export async function explainForks(
  model: LanguageModel,
  heats: readonly Heat[],
  texts: ReadonlyMap<string, string>,
  width: number,
  signal: AbortSignal,
): Promise<ExplainedFork[]> {
  const explained: ExplainedFork[] = []
  for (const { prompt, runs } of heats) {
    const [plain, speculative] = runs
    const fork = plain && speculative && findFork(plain.result.tokens, speculative.result.tokens)
    if (!fork) continue
    const start = model.tokenizer.encode(texts.get(prompt)!, { start: true })
    // The token behind a full context can be said, but not read.
    const text = plain.result.tokens.slice(0, model.contextLength - start.length)
    const seen = await plainRun({ model, prompt: start, text, maxTokens: text.length, signal })
    const margin = forkMargin(seen.rows[fork.position]!, fork.other, model.tokenizer)
    const rounding = largest(await passRounding({ model, plain: seen, widths: [width], signal }))
    explained.push({ ...fork, prompt, margin, rounding, verdict: judgeFork(margin, rounding) })
  }
  return explained
}
