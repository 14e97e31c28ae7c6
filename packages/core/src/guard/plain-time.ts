import type { PassTime } from '../model.js'
import type { Round } from '../speculate.js'

/**
 * What plain decoding of the same text would have taken, at the load that there was: for each token a pass as long as those
 * that said it, but one token wide, and what a round takes besides drafts and passes.
 */
export class PlainTime {
  /** Sampling and the like: work for each token that was said or refused, however it came. */
  private otherMs = 0
  /** Milliseconds of passes times the tokens said from them, by the passes' width. */
  private readonly passes = new Map<number, number>()

  add({ draft, verdict, draftMs, passMs, totalMs }: Round): void {
    const width = draft.tokens.length + 1
    this.passes.set(width, (this.passes.get(width) ?? 0) + (verdict.accepted + 1) * passMs)
    this.otherMs += totalMs - draftMs - passMs
  }

  /** @param times T(n), from n = 1 on. @returns Milliseconds; NaN where T(n) is not known. */
  ms(times: readonly PassTime[]): number {
    let sum = this.otherMs
    for (const [width, ms] of this.passes) sum += (ms * times[0]!.ms) / times[Math.min(width, times.length) - 1]!.ms
    return sum
  }
}
