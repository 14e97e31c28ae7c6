import { Distribution } from '../sampling/distribution.js'
import { excess } from './excess.js'
import type { Verifier } from './verifier.js'

/**
 * Speculative sampling, token by token (Leviathan et al., 2211.17192, algorithm 1; Chen et al., 2302.01318): keep x with
 * probability min(1, p(x) / q(x)); instead of the first x that is not kept, say a token of the residual.
 */
export const rejection: Verifier = {
  name: 'rejection',
  verify(draft, target, chance) {
    for (let i = 0; i < draft.tokens.length; i++) {
      const token = draft.tokens[i]!
      const p = target.distribution(i)
      const q = draft.distributions?.[i] ?? Distribution.point(token)
      if (chance.happens(p.probability(token) / q.probability(token))) continue
      // Without a residual p equals q, and only rounding can have rejected: p itself is then right.
      return { accepted: i, next: chance.draw(excess(p, q) ?? p) }
    }
    return { accepted: draft.tokens.length, next: chance.draw(target.distribution(draft.tokens.length)) }
  },
}
