import type { Round } from '@foretoken/core'
import type { RunReport } from '../engine/observer.js'

class Sum {
  tokens = 0
  passes = 0
  ms = 0
  /** Of runs of which the second is known: what they took, and what plain decoding would have taken. */
  knownMs = 0
  plainMs = 0
}

/** How much sooner texts are written than by plain decoding, since the start, by strategy. */
export class Speedups {
  private readonly sums = new Map<string, Sum>()
  /** Of rounds without a draft, whoever's they were. */
  private readonly plain = new Sum()

  round(strategy: string, { draft, verdict, totalMs }: Round): void {
    const said = verdict.accepted + 1
    const sums = draft.tokens.length === 0 ? [this.of(strategy), this.plain] : [this.of(strategy)]
    for (const sum of sums) {
      sum.tokens += said
      sum.passes++
      sum.ms += totalMs
    }
  }

  ended({ strategy, decodeMs, length }: RunReport): void {
    if (!Number.isFinite(length?.plainMs)) return
    const sum = this.of(strategy)
    sum.knownMs += decodeMs
    sum.plainMs += length!.plainMs
  }

  tau(): Iterable<readonly [string, number]> {
    return this.ratios(({ tokens, passes }) => tokens / passes)
  }

  estimated(): Iterable<readonly [string, number]> {
    return this.ratios(({ plainMs, knownMs }) => plainMs / knownMs)
  }

  measured(): Iterable<readonly [string, number]> {
    const { plain } = this
    return this.ratios(({ tokens, ms }) => plain.ms / plain.tokens / (ms / tokens))
  }

  /** Of those strategies for which it is known. */
  private *ratios(ratio: (sum: Sum) => number): Iterable<readonly [string, number]> {
    for (const [strategy, sum] of this.sums) {
      const value = ratio(sum)
      if (Number.isFinite(value)) yield [strategy, value]
    }
  }

  private of(strategy: string): Sum {
    const sum = this.sums.get(strategy) ?? new Sum()
    this.sums.set(strategy, sum)
    return sum
  }
}
