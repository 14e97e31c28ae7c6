/** How many tokens are learned in one go: about 20 ms. */
const spell = 20_000

/** Gives others a turn, now and then, while many texts are learned. */
export class Pause {
  private since = 0

  async after(tokens: number): Promise<void> {
    this.since += tokens
    if (this.since < spell) return
    this.since = 0
    await new Promise((resolve) => setTimeout(resolve, 0))
  }
}
