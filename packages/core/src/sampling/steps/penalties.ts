import type { Candidates } from '../candidates.js'
import type { History } from '../history.js'
import type { ResolvedOptions } from '../options.js'

type PenaltyOptions = Pick<
  ResolvedOptions,
  'repetitionPenalty' | 'presencePenalty' | 'frequencyPenalty' | 'penaltyWindow'
>

/**
 * Repetition penalty (Keskar et al., 1909.05858) on all tokens in the window; presence and frequency penalty, as OpenAI's
 * API has them, on those of them that were said after the prompt.
 */
export function penalties(options: PenaltyOptions): (candidates: Candidates, history: History) => void {
  const { repetitionPenalty, presencePenalty, frequencyPenalty, penaltyWindow } = options
  // How often each token was said, plus one; 0 is for tokens not met. Empty between calls.
  let counts = new Uint32Array(0)
  return (candidates, { tokens, length, promptLength }) => {
    const logits = candidates.change()
    if (counts.length < logits.length) counts = new Uint32Array(logits.length)
    const start = Math.max(0, length - penaltyWindow)
    for (let i = start; i < length; i++) {
      const token = tokens[i]!
      counts[token] = Math.max(1, counts[token]!) + (i >= promptLength ? 1 : 0)
    }
    for (let i = start; i < length; i++) {
      const token = tokens[i]!
      const seen = counts[token]!
      if (seen === 0) continue
      counts[token] = 0
      const logit = logits[token]!
      const repeated = logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty
      logits[token] = repeated - (seen > 1 ? presencePenalty + (seen - 1) * frequencyPenalty : 0)
    }
  }
}
