/** Pseudo-random numbers, the same for the same seed (xorshift128, seeded by a multiplicative hash). */
export class Random {
  readonly #state = new Uint32Array(4)
  #spare: number | undefined

  /** @param seed An integer in `[0, 2^32)`. */
  constructor(seed: number) {
    for (let i = 0; i < 4; i++) {
      let word = Math.imul(seed + i + 1, 0x9e3779b1)
      word = Math.imul(word ^ (word >>> 15), 0x85ebca6b)
      // The state must not be all zeros: the last bit of one word is set.
      this.#state[i] = (word ^ (word >>> 13)) | (i === 0 ? 1 : 0)
    }
    // The first numbers still show how similar the seeds were.
    for (let i = 0; i < 32; i++) this.#next()
  }

  /** An integer in `[0, limit)`. */
  below(limit: number): number {
    return Math.floor((this.#next() / 2 ** 32) * limit)
  }

  /** From the normal distribution, mean 0 and standard deviation 1 (Box and Muller's pairs). */
  normal(): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare
      this.#spare = undefined
      return spare
    }
    const radius = Math.sqrt(-2 * Math.log((this.#next() + 1) / 2 ** 32))
    const angle = 2 * Math.PI * (this.#next() / 2 ** 32)
    this.#spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }

  #next(): number {
    const state = this.#state
    let word = state[0]!
    word ^= word << 11
    word ^= word >>> 8
    state[0] = state[1]!
    state[1] = state[2]!
    state[2] = state[3]!
    state[3] = state[3]! ^ (state[3]! >>> 19) ^ word
    return state[3]!
  }
}
