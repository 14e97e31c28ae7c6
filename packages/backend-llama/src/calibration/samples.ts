import type { PassTime } from '@foretoken/core'

/** A point of T(n). */
export interface CalibratedPass extends PassTime {
  /** Whether passes over so many tokens were timed; if not, it lies on a line through those that were. */
  readonly measured: boolean
}

/** The widest pass that is measured, in tokens. */
export const widest = 16

/** How much longer than a wider pass one may take: kernels change with the width. */
const kink = 1.3

/** Times of a model's passes, by their width. */
export class PassSamples {
  private readonly times = new Map<number, number[]>()

  /** How many widths were measured. */
  get widths(): number {
    return this.times.size
  }

  /** The times of all widths measured, together. */
  get total(): number {
    return [...this.times.keys()].reduce((sum, tokens) => sum + this.measured(tokens)!, 0)
  }

  add(tokens: number, ms: number): void {
    const times = this.times.get(tokens)
    if (times === undefined) this.times.set(tokens, [ms])
    else times.push(ms)
  }

  /** The lower quartile, in milliseconds: other work on the machine only ever makes a pass longer. */
  measured(tokens: number): number | undefined {
    const times = this.times.get(tokens)?.toSorted((a, b) => a - b)
    return times?.[Math.floor((times.length - 1) / 4)]
  }

  /**
   * Milliseconds that a pass is expected to take: on a line through the two nearest widths measured. One width alone
   * gives its own time; none, infinity.
   */
  expected(tokens: number): number {
    const known = this.measured(tokens)
    if (known !== undefined) return known
    const widths = [...this.times.keys()].toSorted((a, b) => a - b)
    if (widths.length === 0) return Infinity
    const above = widths.findIndex((width) => width > tokens)
    const right = above < 0 ? widths.length - 1 : Math.max(1, above)
    const [from, to] = [widths[Math.max(0, right - 1)]!, widths[Math.min(right, widths.length - 1)]!]
    const [start, end] = [this.measured(from)!, this.measured(to)!]
    if (from === to) return start
    // What lies beyond them is not shorter than the nearest of them.
    const slope = above < 0 ? Math.max(0, end - start) : end - start
    const nearest = above < 0 ? to : from
    return this.measured(nearest)! + (slope * (tokens - nearest)) / (to - from)
  }

  /**
   * T(1) to T of the widest pass measured; the narrowest must have been one over one token. A time far above that of a
   * wider pass is other work's, and gives way to that one's.
   */
  curve(): CalibratedPass[] {
    let most = Infinity
    const widths = Array.from({ length: Math.max(...this.times.keys()) }, (_, index) => index + 1)
    return widths
      .toReversed()
      .map((tokens) => {
        const ms = this.expected(tokens)
        const held = ms > most
        if (!held) most = Math.min(most, kink * ms)
        return { tokens, ms: held ? most : ms, measured: !held && this.times.has(tokens) }
      })
      .toReversed()
  }
}
