import type { LengthReport } from './guard/report.js'
import type { Round } from './speculate.js'

/** What a generation did and where its time went. Times in milliseconds. */
export interface GenerateStats {
  readonly promptTokens: number
  /** Prompt tokens that the sequence already held. */
  readonly cachedTokens: number
  /** Tokens said. */
  readonly tokens: number
  /** Passes of the target, the prompt's not counted. */
  readonly passes: number
  readonly drafted: number
  readonly accepted: number
  /** alpha: accepted tokens over those that were judged one by one up to the first refusal. NaN if none was. */
  readonly alpha: number
  /** tau: tokens per pass of the target, 1 when decoding plainly. */
  readonly tau: number
  /** How many rounds kept 0, 1, 2 … drafted tokens. */
  readonly acceptedPerRound: readonly number[]
  readonly prefillMs: number
  readonly draftMs: number
  readonly passMs: number
  /** All that is neither draft nor pass: verification, sampling, roll-back. */
  readonly otherMs: number
  /** The rounds together, without the prompt and without the time that the caller took between rounds. */
  readonly decodeMs: number
  /** `tokens` over `decodeMs`. */
  readonly tokensPerSecond: number
  /** Times plain decoding, by what it would have taken (`length.plainMs`). NaN unless the draft length is automatic. */
  readonly speedup: number
  /** What the draft length's policy decided, where it tells. */
  readonly length?: LengthReport
}

/** Counts rounds. */
export class Metrics {
  prefillMs = 0
  cachedTokens = 0
  private passes = 0
  private drafted = 0
  private accepted = 0
  private refusals = 0
  private draftMs = 0
  private passMs = 0
  private decodeMs = 0
  private readonly histogram: number[] = []

  add({ draft, verdict, draftMs, passMs, totalMs }: Round): void {
    this.passes++
    this.drafted += draft.tokens.length
    this.accepted += verdict.accepted
    if (verdict.accepted < draft.tokens.length) this.refusals++
    while (this.histogram.length <= verdict.accepted) this.histogram.push(0)
    this.histogram[verdict.accepted]!++
    this.draftMs += draftMs
    this.passMs += passMs
    this.decodeMs += totalMs
  }

  stats(promptTokens: number, tokens: number, length: LengthReport | undefined): GenerateStats {
    const { passes, drafted, accepted, prefillMs, cachedTokens, draftMs, passMs, decodeMs } = this
    return {
      promptTokens,
      cachedTokens,
      tokens,
      passes,
      drafted,
      accepted,
      alpha: accepted / (accepted + this.refusals),
      tau: (accepted + passes) / passes,
      acceptedPerRound: [...this.histogram],
      prefillMs,
      draftMs,
      passMs,
      otherMs: decodeMs - draftMs - passMs,
      decodeMs,
      tokensPerSecond: tokens / (decodeMs / 1000),
      // A stop string may end the text in the middle of a round.
      speedup: ((length?.plainMs ?? NaN) * tokens) / (accepted + passes) / decodeMs,
      ...(length && { length }),
    }
  }
}
