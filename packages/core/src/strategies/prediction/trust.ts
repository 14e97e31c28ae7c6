/** From so many tokens on, a prediction that has been right is taken to be so. */
const settled = 8
/** How many tokens what is assumed counts for. */
const weight = 2

/** How often the next token of a prediction came, by how many before it had come in a row. */
export class Trust {
  private readonly came = new Float64Array(settled + 1)
  private readonly tried = new Float64Array(settled + 1)

  /** In [0, 1]. 1 after a long run, until that has been wrong. */
  confidence(run: number): number {
    const place = Math.min(run, settled)
    const assumed = place === settled ? 1 : (place + 1) / (place + 2)
    return (this.came[place]! + weight * assumed) / (this.tried[place]! + weight)
  }

  learn(run: number, came: boolean): void {
    const place = Math.min(run, settled)
    this.tried[place]!++
    if (came) this.came[place]!++
  }
}
