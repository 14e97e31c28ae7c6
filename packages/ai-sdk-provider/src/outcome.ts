import type { FinishReason as Reason, GenerateResult } from '@foretoken/core'

/** What a call tells under `providerMetadata.foretoken`. */
export type ForetokenMetadata = {
  /** Accepted tokens over those that were judged; `null` when none was. */
  readonly alpha: number | null
  /** Tokens per pass of the target, 1 when decoding plainly. */
  readonly tau: number
  /** Times plain decoding, by what it would have taken; `null` unless the draft length is automatic. */
  readonly speedUp: number | null
  readonly drafted: number
  readonly accepted: number
  /** Passes of the target, the prompt's not counted. */
  readonly passes: number
  readonly tokensPerSecond: number
  /** Milliseconds. */
  readonly prefillMs: number
  /** Milliseconds. */
  readonly decodeMs: number
  /** The one that was given, or a random one. A given seed gives the text again. */
  readonly seed: number
  readonly verifier: string
  /** Whether that verifier may have changed the text. */
  readonly lossy: boolean
  /** What went wrong without harm to the text: a draft model that could not be used, say. */
  readonly warnings: string[]
}

export function metadataOf({ stats, seed, verifier, lossy, warnings }: GenerateResult): ForetokenMetadata {
  const { alpha, tau, speedup, drafted, accepted, passes, tokensPerSecond, prefillMs, decodeMs } = stats
  return {
    alpha: known(alpha),
    tau,
    speedUp: known(speedup),
    drafted,
    accepted,
    passes,
    tokensPerSecond: known(tokensPerSecond) ?? 0,
    prefillMs,
    decodeMs,
    seed,
    verifier,
    lossy,
    warnings: warnings.map(({ message }) => message),
  }
}

/** JSON has no NaN. */
function known(value: number): number | null {
  return Number.isFinite(value) ? value : null
}

/** Tokens. */
export interface Usage {
  inputTokens: { total: number; noCache: number; cacheRead: number; cacheWrite: undefined }
  outputTokens: { total: number; text: number; reasoning: undefined }
}

export function usageOf({ stats: { promptTokens, cachedTokens, tokens } }: GenerateResult): Usage {
  return {
    inputTokens: {
      total: promptTokens,
      noCache: promptTokens - cachedTokens,
      cacheRead: cachedTokens,
      cacheWrite: undefined,
    },
    outputTokens: { total: tokens, text: tokens, reasoning: undefined },
  }
}

export interface FinishReason {
  unified: 'stop' | 'length' | 'tool-calls'
  raw: Reason
}

/** @param calls How many calls are whole. */
export function finishReasonOf(raw: Reason, calls: number): FinishReason {
  if (raw === 'length') return { unified: 'length', raw }
  return { unified: calls > 0 ? 'tool-calls' : 'stop', raw }
}
