import type { Writable } from 'node:stream'

/**
 * Lines at the bottom of a terminal that are drawn again and again. At most some 30 times a second, whatever is asked:
 * more is work for the processor and nothing for the eye.
 */
export class Region {
  private drawn = 0
  private last = 0
  private waiting: readonly string[] | undefined

  constructor(
    private readonly stream: Writable,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @param lines Each must fit the terminal's width, or redrawing goes wrong. */
  draw(lines: readonly string[]): void {
    if (this.now() - this.last < 33) {
      this.waiting = lines
      return
    }
    this.put(lines)
  }

  /** Draws what is still waiting, or `lines`, and leaves it there. */
  finish(lines = this.waiting): void {
    if (lines) this.put(lines)
    this.drawn = 0
  }

  private put(lines: readonly string[]): void {
    this.last = this.now()
    this.waiting = undefined
    // Up to the first line of the last time; each line is cleared to its end, and what is below the last one.
    const up = this.drawn > 0 ? `\u001B[${this.drawn}A` : ''
    this.stream.write(`${up}\r${lines.map((line) => `${line}\u001B[K\n`).join('')}\u001B[J`)
    this.drawn = lines.length
  }
}
