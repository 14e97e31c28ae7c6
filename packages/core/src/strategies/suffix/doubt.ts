/** How fast it learns: about so much of the last surprise counts. */
const rate = 0.2
const [least, most] = [0.5, 64]

/**
 * What a count is worth: a token that followed `count` of the `of` times is expected with
 * `count / (of + doubt / length)`. A run that occurred once says something, and more the longer it is.
 *
 * How much doubt is right differs between the text itself, earlier texts and foreign ones, so it is learned: after each
 * guess it moves to where the confidence would have been what came out.
 */
export class Doubt {
  /** @param value In tokens. To begin with; measured on code and prose: 2 for the text itself, 8 for others. */
  constructor(private value: number) {}

  /** In (0, 1). @param length Of the run that is followed, in tokens. */
  confidence(count: number, of: number, length: number): number {
    return count / (of + this.value / length)
  }

  learn(confidence: number, came: boolean): void {
    const moved = this.value * Math.exp(rate * (confidence - Number(came)))
    this.value = Math.min(most, Math.max(least, moved))
  }
}
