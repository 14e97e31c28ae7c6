/** Milliseconds for which the reading of one prompt may keep the others' tokens waiting. */
const bearable = 150
const [fewest, most] = [32, 512]

/**
 * How many tokens of a prompt are read at a time. A pass lasts as long as its longest part: alone, a prompt is read in the
 * pieces in which it comes; beside others, in pieces that take a moment each, whatever the machine.
 */
export class Pace {
  private size = 128

  /** @param others Whether anyone would have to wait. */
  constructor(private readonly others: () => boolean) {}

  next(): number {
    return this.others() ? this.size : Infinity
  }

  observe(tokens: number, ms: number): void {
    // Others do not wait longer than for this piece, so a shorter one or a lone one tells nothing about the size.
    if (tokens !== this.size) return
    if (ms > bearable) this.size = Math.max(fewest, this.size / 2)
    else if (ms < bearable / 3) this.size = Math.min(most, this.size * 2)
  }
}
