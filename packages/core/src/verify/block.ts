import { Distribution } from '../sampling/distribution.js'
import { excess } from './excess.js'
import type { Verifier } from './verifier.js'

/**
 * Block verification (Sun et al., ICLR 2025, 2403.10444, algorithm 2): judges the draft as a whole, and keeps at least
 * as many tokens as {@link rejection} in expectation, from the same passes.
 *
 * P_i is the probability that the first i tokens may be kept; the longest prefix that passes its test h_i is kept.
 */
export const block: Verifier = {
  name: 'block',
  verify(draft, target, chance) {
    const gamma = draft.tokens.length
    const q = (i: number): Distribution => draft.distributions?.[i] ?? Distribution.point(draft.tokens[i]!)

    const keep = [1]
    // Behind a token that the target cannot say nothing is kept, and there may be no p at all.
    for (let i = 0; i < gamma && keep[i]! > 0; i++) {
      const token = draft.tokens[i]!
      keep.push(Math.min(1, (keep[i]! * target.distribution(i).probability(token)) / q(i).probability(token)))
    }

    if (chance.happens(keep[gamma] ?? 0)) return { accepted: gamma, next: chance.draw(target.distribution(gamma)) }
    for (let i = Math.min(gamma, keep.length - 1) - 1; ; i--) {
      const p = target.distribution(i)
      const residual = excess(p, q(i), keep[i]!)
      const mass = residual?.total ?? 0
      // Nothing stops at 0 from being kept. Above it h_i = s / (s + 1 - P_i).
      if (i === 0 || chance.happens(mass / (mass + 1 - keep[i]! || 1))) {
        // Without a residual only rounding can have come here: p itself is then right.
        return { accepted: i, next: chance.draw(residual ?? p) }
      }
    }
  },
}
