import type { FinishReason, LengthReport, Round } from '@foretoken/core'

/** How a run came to its end. `aborted`: by its signal, or as nobody read on. */
export type Outcome = FinishReason | 'aborted' | 'failed'

/** A run that is over. */
export interface RunReport {
  /** Who drafted, by the engine's name for it; `none` for plain decoding. */
  readonly strategy: string
  readonly outcome: Outcome
  /** Tokens said in rounds that were completed, and how long the rounds took in milliseconds. */
  readonly tokens: number
  readonly decodeMs: number
  /** What the draft length decided, and why; absent where nothing was to be decided, or there was no round. */
  readonly length: LengthReport | undefined
}

/** Told what an engine does, as it does it. It must not throw, nor take long. */
export interface EngineObserver {
  /** A request was turned away with `busy`. */
  refused(): void
  /** A request has its turn. */
  began(run: { readonly waitedMs: number; readonly promptTokens: number; readonly cachedTokens: number }): void
  round(strategy: string, round: Round): void
  /** @param ms Since the request came, for its first token; since the token before it, without the reader's time, else. */
  token(first: boolean, ms: number): void
  ended(report: RunReport): void
}
