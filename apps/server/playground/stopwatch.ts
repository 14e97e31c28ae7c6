import type { RunStats } from './protocol.js'

/** Times a run from its first token on, so that neither the prompt nor the way to the server counts. */
export class Stopwatch {
  private startedAt: number | undefined
  private first = 0
  private ms = 0
  private tokens = 0

  constructor(private readonly now: () => number) {}

  /** @param tokens all that have come so far */
  lap(tokens: number): void {
    if (tokens === 0) return
    if (this.startedAt === undefined) {
      this.startedAt = this.now()
      this.first = tokens
    }
    this.tokens = tokens
    this.ms = this.now() - this.startedAt
  }

  /** Since the first token. */
  get elapsedMs(): number {
    return this.ms
  }

  /** NaN until there are two laps. */
  get tokensPerSecond(): number {
    return this.ms > 0 ? (this.tokens - this.first) / (this.ms / 1000) : NaN
  }

  /** The server's own times where it tells them: they have no network in them. */
  finish(stats: RunStats | undefined): { readonly ms: number; readonly tokensPerSecond: number } {
    return {
      ms: stats?.decodeMs ?? this.elapsedMs,
      tokensPerSecond: stats?.tokensPerSecond ?? this.tokensPerSecond,
    }
  }
}
