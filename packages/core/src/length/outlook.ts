import type { PassTime } from '../model.js'
import { measuredSpeedup } from '../theory.js'

/** How many drafted tokens are accepted at the best: 19 of 20. */
const mostAccepted = 0.95
/** A smaller gain is none. */
const worthwhile = 1.05
/** The pass that T(n) is told of: four drafted tokens and the one before them. */
const usualPass = 5

export interface OutlookInput {
  /** T(n) of the target, ascending in n, n = 1 first. */
  readonly curve?: readonly PassTime[] | undefined
  /** Milliseconds that the draft takes for a token. Default 0, as with text that is found again. */
  readonly stepMs?: number | undefined
  /** When the target is a mixture of experts: how many there are, and how many each token uses. */
  readonly experts?: { readonly count: number; readonly used: number } | undefined
}

/**
 * A sentence for people on what speaks against speculation with a model on this machine; nothing when nothing does.
 *
 * Against it speak passes over several tokens that take so much longer than those over one that drafts of which 95 % are
 * accepted gain less than 5 %; a draft model that is so slow; and experts: each token of a pass chooses its own, so that a
 * wider pass reads more weights (McDanel et al., 2602.16052).
 */
export function speculationOutlook({ curve = [], stepMs = 0, experts }: OutlookInput): string | undefined {
  const one = curve[0]
  const wide = curve.find(({ tokens }) => tokens >= usualPass) ?? curve.at(-1)
  const mixture = experts && `This model is a mixture of experts, ${experts.used} of ${experts.count} for each token`
  if (!one || !wide || wide === one) {
    return mixture && `${mixture}: a pass over several tokens reads more of them, so drafts gain less than usual.`
  }
  const pass = `a pass over ${wide.tokens} tokens`
  const takes = `takes ${times(wide.ms / one.ms)} as long`
  const gain = mostGain(curve, stepMs)
  if (mixture) {
    const drafts = stepMs > 0 ? 'drafts of the draft model' : 'even drafts that cost nothing'
    return `${mixture}: ${pass} reads more of them than a pass over one and ${takes}, so ${drafts} ${gains(gain)}.`
  }
  const free = mostGain(curve, 0)
  if (free < worthwhile) {
    return `Here ${pass} ${takes} as a pass over one, so even drafts that cost nothing ${gains(free)}.`
  }
  if (gain >= worthwhile) return undefined
  return `A token of the draft takes ${times(stepMs / one.ms)} as long as one of the target, and ${pass} ${takes}, so its drafts ${gains(gain)}.`
}

/** The speed-up of the best draft length that the curve tells of. */
function mostGain(curve: readonly PassTime[], draftStep: number): number {
  const at = new Map(curve.map(({ tokens, ms }) => [tokens, ms]))
  const pass = (tokens: number): number => at.get(tokens)!
  const drafts = curve.filter(({ tokens }) => tokens > 1)
  return Math.max(
    ...drafts.map(({ tokens }) => measuredSpeedup({ gamma: tokens - 1, alpha: mostAccepted, draftStep, pass })),
  )
}

function gains(factor: number): string {
  return factor <= 1 ? 'gain nothing' : `gain at most ${factor.toFixed(factor < 1.1 ? 2 : 1)}x`
}

function times(factor: number): string {
  return `${factor.toFixed(factor < 1.1 ? 2 : 1)} times`
}
