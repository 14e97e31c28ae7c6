/** How fast the running estimate follows a pass that took longer, and one that took less: the first passes are slow. */
const slower = 0.2
const faster = 0.5

/** A running estimate of how long the passes of one model take, by their number of tokens. */
export class PassTimes {
  /** By the power of two that the number of tokens is rounded up to. */
  private readonly means: (number | undefined)[] = []

  /** Milliseconds that a pass over `tokens` tokens is expected to take; infinite while nothing is known. */
  expected(tokens: number): number {
    const bucket = bucketOf(tokens)
    const known = this.means[bucket]
    if (known !== undefined) return known
    // A pass takes at most in proportion to its tokens longer than a smaller one, and no longer than a larger one.
    for (let distance = 1; distance < 16; distance++) {
      const smaller = this.means[bucket - distance]
      if (smaller !== undefined) return smaller * 2 ** distance
      const larger = this.means[bucket + distance]
      if (larger !== undefined) return larger
    }
    return Infinity
  }

  observe(tokens: number, milliseconds: number): void {
    const bucket = bucketOf(tokens)
    const before = this.means[bucket]
    if (before === undefined) {
      this.means[bucket] = milliseconds
      return
    }
    // The machine's hiccups (a core lost for 20 ms) say nothing about the next pass.
    const bounded = Math.min(milliseconds, 2 * before)
    this.means[bucket] = before + (bounded > before ? slower : faster) * (bounded - before)
  }
}

function bucketOf(tokens: number): number {
  return Math.ceil(Math.log2(Math.max(1, tokens)))
}
