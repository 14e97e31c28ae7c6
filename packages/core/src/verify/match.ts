import { coupledChance } from '../sampling/coupled-chance.js'
import type { Draft, Verdict } from '../strategy.js'
import type { Chance } from '../sampling/chance.js'
import type { Judgement, Verifier } from './verifier.js'

/**
 * Draws each token from the target, and keeps the draft while it says the same. Exact, and what most engines do; a token is
 * accepted with probability sum p(x) q(x) only, where {@link rejection} accepts with sum min(p(x), q(x)). For comparison.
 */
export const match: Verifier = { name: 'match', verify: drawAndCompare }

/**
 * The same rule with noise that belongs to the position (see `coupledChance`), which a drafter uses too when it draws.
 *
 * What is said then depends on the seed and the target alone: the same seed gives the same text with any drafter, any
 * draft length or none, on a target whose logits do not depend on how many tokens share a pass. Accepts a sampled token
 * with a probability of at least (1 - TV) / (1 + TV) (Daliri et al., 2408.07978).
 */
export const coupled: Verifier = { name: 'coupled', chance: coupledChance, verify: drawAndCompare }

function drawAndCompare(draft: Draft, target: Judgement, chance: Chance): Verdict {
  for (let accepted = 0; ; accepted++) {
    const next = chance.draw(target.distribution(accepted), target.position + accepted)
    if (next !== draft.tokens[accepted]) return { accepted, next }
  }
}
