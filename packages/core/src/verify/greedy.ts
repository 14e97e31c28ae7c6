import type { Verifier } from './verifier.js'

/** Temperature 0: a drafted token stays while it is the target's own choice. Exact for a greedy sampler only. */
export const greedy: Verifier = {
  name: 'greedy',
  greedyOnly: true,
  verify(draft, target) {
    let accepted = 0
    let next = target.argmax(0)
    while (accepted < draft.tokens.length && draft.tokens[accepted] === next) next = target.argmax(++accepted)
    return { accepted, next }
  },
}
