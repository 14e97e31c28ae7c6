/** Finds stop strings in text that arrives in pieces, and holds back what may become one. */
export class StopMatcher {
  private held = ''

  /** @param stops Not empty strings. */
  constructor(private readonly stops: readonly string[]) {}

  /** @returns The text that is safe to show, and the stop string that ended it, if one did. */
  push(piece: string): { text: string; stop?: string } {
    const text = this.held + piece
    let first = -1
    let found: string | undefined
    for (const stop of this.stops) {
      const index = text.indexOf(stop)
      if (index >= 0 && (first < 0 || index < first)) {
        first = index
        found = stop
      }
    }
    if (found !== undefined) {
      this.held = ''
      return { text: text.slice(0, first), stop: found }
    }
    const keep = Math.max(0, ...this.stops.map((stop) => overlap(text, stop)))
    this.held = text.slice(text.length - keep)
    return { text: text.slice(0, text.length - keep) }
  }

  /** What was held back and did not become a stop string. */
  flush(): string {
    const text = this.held
    this.held = ''
    return text
  }
}

/** The length of the longest end of `text` that `stop` begins with. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length
  }
  return 0
}
