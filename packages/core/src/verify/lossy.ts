import { ForetokenError } from '../errors.js'
import type { Distribution } from '../sampling/distribution.js'
import type { Verifier } from './verifier.js'

/*
 * Verifiers that change what the model says, for more speed. None of them is ever a default; each says so in its name, and
 * results say so too.
 */

/**
 * Typical acceptance (Medusa, 2401.10774, section 2.3.1): a drafted token stays when
 * p(x) > min(epsilon, delta * exp(-H(p))), H the entropy of p. What follows is drawn from p.
 *
 * @param options.epsilon In `(0, 1]`, default 0.09.
 * @param options.delta In `(0, 1]`, default 0.3.
 */
export function lossyTypical(options: { epsilon?: number; delta?: number } = {}): Verifier {
  const { epsilon = 0.09, delta = 0.3 } = options
  checkShare('epsilon', epsilon)
  checkShare('delta', delta)
  return lossy('lossy-typical', (p, x) => p.probability(x) > Math.min(epsilon, delta * Math.exp(-entropy(p))))
}

/**
 * A drafted token stays when it is at least `threshold` times as probable as the target's favourite. What follows is drawn
 * from p.
 *
 * @param options.threshold In `(0, 1]`, default 0.3.
 */
export function lossyThreshold(options: { threshold?: number } = {}): Verifier {
  const { threshold = 0.3 } = options
  checkShare('threshold', threshold)
  return lossy('lossy-threshold', (p, x) => p.probability(x) >= threshold * p.peak)
}

function lossy(name: string, accepts: (p: Distribution, token: number) => boolean): Verifier {
  return {
    name,
    lossy: true,
    verify(draft, target, chance) {
      let accepted = 0
      while (accepted < draft.tokens.length && accepts(target.distribution(accepted), draft.tokens[accepted]!))
        accepted++
      return { accepted, next: chance.draw(target.distribution(accepted), target.position + accepted) }
    },
  }
}

/** In nats. */
function entropy({ weights, total }: Distribution): number {
  let sum = 0
  for (let i = 0; i < weights.length; i++) if (weights[i]! > 0) sum += weights[i]! * Math.log(weights[i]!)
  return Math.log(total) - sum / total
}

function checkShare(name: string, value: number): void {
  if (value > 0 && value <= 1) return
  throw new ForetokenError('invalid-argument', `${name} is ${value}: it must be above 0, at most 1.`)
}
