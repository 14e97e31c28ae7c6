import type { TokenId } from '../model.js'
import type { Distribution } from './distribution.js'

/**
 * All randomness of a generation goes through these two questions.
 *
 * Nothing in Foretoken draws a bare random number. So a test can answer the questions itself, follow every branch with
 * its exact probability, and sum the true output distribution of any verifier or drafter (`enumerate` in
 * `@foretoken/core/testing`) where sampling could only estimate it.
 */
export interface Chance {
  /** `true` with the given probability. Certain at 1 and above, impossible at 0 and below. */
  happens(probability: number): boolean
  /**
   * A token drawn from the distribution.
   *
   * @param position The place of the token in the text, the prompt's tokens counted. Chance that is tied to positions
   * (`coupledChance`) draws alike at the same place; without one it cannot, and drafts are accepted less often.
   */
  draw(distribution: Distribution, position?: number): TokenId
  /**
   * How sure one may be, in `[0, 1]`, that somebody else who draws at this position, from a distribution much like this one,
   * draws the same token. Absent: nobody knows before it is drawn.
   *
   * A draft may be ended by it where the text depends on the seed alone (the verifier `coupled`): it looks at the token.
   */
  readonly agreement?: (distribution: Distribution, position: number) => number
}

/**
 * Chance from a seeded generator: xoshiro128** (Blackman and Vigna, 2018), seeded through splitmix32.
 * The same seed gives the same answers on every platform.
 *
 * @param seed Any integer; it is used modulo 2^53.
 */
export function createChance(seed: number): Chance {
  const next = xoshiro128(seed)
  // Strategies are handed it.
  return Object.freeze({
    happens: (probability: number) => next() < probability,
    draw: (distribution: Distribution) => distribution.at(next()),
  })
}

/** Uniform numbers in `[0, 1)` with 53 random bits. */
function xoshiro128(seed: number): () => number {
  let low = seed >>> 0
  const high = Math.floor(seed / 2 ** 32) >>> 0
  const split = (): number => {
    low = (low + 0x9e3779b9) >>> 0
    let z = low ^ high
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 0
  }
  let [a, b, c, d] = [split(), split(), split(), split()]
  const next32 = (): number => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0
    const t = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    d = rotate(d, 11)
    return result
  }
  return () => ((next32() >>> 5) * 0x4000000 + (next32() >>> 6)) / 0x20000000000000
}

function rotate(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits))
}
