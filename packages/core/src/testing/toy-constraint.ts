import type { Constraint } from '../constrain/constraint.js'
import type { TokenId } from '../model.js'

/** For each state, where each token leads; a token that is not named is not allowed. A text begins in state 0. */
export type Automaton = readonly Readonly<Record<TokenId, number>>[]

/** A constraint whose states are written out. Counts how often it was asked for a mask. */
export class ToyConstraint implements Constraint {
  readonly name = 'automaton'
  masks = 0
  /** Matchers opened and not disposed. */
  opened = 0

  constructor(
    private readonly automaton: Automaton,
    private readonly vocabSize: number,
  ) {}

  open(): ReturnType<Constraint['open']> {
    const { automaton, vocabSize } = this
    const states = [0]
    const follower = (token: TokenId): number | undefined => automaton[states[states.length - 1]!]?.[token]
    this.opened++
    return {
      allows: (token) => follower(token) !== undefined,
      mask: () => {
        this.masks++
        const words = new Int32Array(Math.ceil(vocabSize / 32))
        for (let token = 0; token < vocabSize; token++) {
          if (follower(token) !== undefined) words[token >> 5]! |= 1 << (token & 31)
        }
        return words
      },
      accept(token) {
        const next = follower(token)
        if (next !== undefined) states.push(next)
        return next !== undefined
      },
      rollback(count) {
        if (count >= states.length) throw new Error(`It cannot go back ${count} of ${states.length - 1} tokens.`)
        states.length -= count
      },
      dispose: () => {
        this.opened--
      },
    }
  }
}
