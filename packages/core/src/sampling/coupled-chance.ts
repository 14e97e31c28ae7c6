import type { TokenId } from '../model.js'
import { createChance, type Chance } from './chance.js'
import type { Distribution } from './distribution.js'

/**
 * Chance that is tied to positions: the token at position t is argmax_x (log p(x) + G(seed, t, x)), with Gumbel noise G that
 * depends on nothing but the seed, the position and the token. So drawn, a token has the distribution p (the Gumbel-max
 * trick), and two distributions drawn from at one position mostly give the same token: with a probability of at least
 * (1 - TV) / (1 + TV), TV their total variation distance (Daliri et al., 2408.07978, theorem 2).
 *
 * @param seed Any integer; it is used modulo 2^53.
 */
export function coupledChance(seed: number): Chance {
  const stream = createChance(seed)
  const [low, high] = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0]
  const key1 = scramble(low ^ scramble(high))
  const key2 = scramble(high ^ scramble(low ^ 0x5bf03635))
  // A drafter asks how sure it may be, and then for the token: one race over the vocabulary answers both.
  let last: (Race & { readonly distribution: Distribution; readonly position: number }) | undefined
  const race = (distribution: Distribution, position: number): Race => {
    if (last?.distribution === distribution && last.position === position) return last
    const place = Math.imul(position + 1, 0x9e3779b1)
    last = { distribution, position, ...gumbelMax(distribution, scramble(key1 ^ place), scramble(key2 ^ place)) }
    return last
  }
  // Strategies are handed it.
  return Object.freeze({
    happens: (probability: number) => stream.happens(probability),
    draw(distribution: Distribution, position?: number) {
      return position === undefined ? stream.draw(distribution) : race(distribution, position).winner
    },
    agreement: (distribution: Distribution, position: number) => race(distribution, position).lead,
  })
}

interface Race {
  readonly winner: TokenId
  /**
   * How far it was ahead of the second, in shares of the second's time: in `[0, 1]`, 1 where there is no second. The second
   * wins where its weight, beside the winner's, is more than 1 / (1 - lead) times what it is here.
   */
  readonly lead: number
}

/**
 * argmax_x (log w(x) + G(x)), as argmin_x E(x) / w(x): -log of a standard exponential E has the Gumbel distribution, and a
 * factor of all weights changes nothing.
 */
function gumbelMax({ ids, weights }: Distribution, key1: number, key2: number): Race {
  let winner = -1
  let least = Infinity
  let second = Infinity
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]!
    if (!(weight > 0)) continue
    const token = ids ? ids[i]! : i
    // E = -log(1 - u) is at least u, so that nearly every token is out of the race before the logarithm, and before the
    // lower bits of u.
    const upper = scramble(key1 ^ Math.imul(token + 1, 0x85ebca6b)) * 2 ** -32
    if (upper >= second * weight) continue
    const u = upper + (scramble(key2 ^ Math.imul(token + 1, 0xc2b2ae35)) >>> 11) * 2 ** -53
    const ratio = -Math.log1p(-u) / weight
    if (ratio >= least) {
      second = Math.min(second, ratio)
      continue
    }
    second = least
    least = ratio
    winner = token
  }
  return { winner, lead: 1 - least / second }
}

/** A permutation of the 32-bit integers in which every bit of the result depends on every bit of `x`: two rounds of it. */
function scramble(x: number): number {
  let z = Math.imul(x ^ (x >>> 16), 0x21f0aaad)
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
  z = Math.imul(z ^ (z >>> 15), 0x21f0aaad)
  z = Math.imul(z ^ (z >>> 16), 0x735a2d97)
  return (z ^ (z >>> 15)) >>> 0
}
