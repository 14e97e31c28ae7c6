import type { TokenId } from '../../model.js'
import type { SuffixAutomaton } from './automaton.js'
import { Cursor } from './cursor.js'
import type { Doubt } from './doubt.js'

/** What may follow a text, as other texts went on. */
export interface Continuation {
  readonly tokens: readonly TokenId[]
  /** How sure each token is, if those before it come, in (0, 1). */
  readonly confidences: readonly number[]
  /** How many of the tokens are to be expected to come, from the first on. */
  readonly expected: number
}

/** Texts to look in. */
export interface Source {
  readonly automaton: SuffixAutomaton
  readonly doubt: Doubt
}

/** Drafts are at most so many times as long as the run that they follow (the alpha of the paper). */
const growth = 2

/** Reads a text, and foretells it from the texts of a source. */
export class Follower {
  private readonly cursor: Cursor
  private readonly known: number
  private guess: { readonly token: TokenId; readonly confidence: number } | undefined

  /** @param own Whether the source is the text itself, and learns it as it is read. */
  constructor(
    readonly source: Source,
    private readonly own = false,
  ) {
    this.cursor = new Cursor(source.automaton)
    this.known = source.automaton.tokens
  }

  /** Whether the source is as it was. In what has come since, the text was not looked up. */
  get isCurrent(): boolean {
    return this.known === this.source.automaton.tokens
  }

  read(token: TokenId): void {
    const { cursor, guess, source } = this
    if (guess) source.doubt.learn(guess.confidence, guess.token === token)
    this.guess = undefined
    // First, or the text would be found to be like itself.
    cursor.read(token)
    if (this.own) source.automaton.add(token)
  }

  /**
   * The likeliest tokens, one after the other, after the longest run that ends the text and occurs in the source. Where the
   * source itself ends, a shorter run is followed.
   */
  foretell(maxTokens: number): Continuation {
    const { automaton, doubt } = this.source
    let { state, length } = this.cursor
    // The end of the text is an occurrence that nothing follows.
    let unfollowed = Number(this.own)
    const most = Math.min(maxTokens, growth * length)
    const tokens: TokenId[] = []
    const confidences: number[] = []
    let probability = 1
    let expected = 0
    while (tokens.length < most) {
      while (state !== 0 && automaton.best(state) === 0) {
        state = automaton.link(state)
        length = automaton.length(state)
      }
      if (state === 0) break
      const next = automaton.best(state)
      const confidence = doubt.confidence(automaton.count(next), automaton.count(state) - unfollowed, length)
      probability *= confidence
      expected += probability
      tokens.push(automaton.token(next))
      confidences.push(confidence)
      state = next
      length++
      unfollowed = 0
    }
    if (tokens.length > 0) this.guess = { token: tokens[0]!, confidence: confidences[0]! }
    return { tokens, confidences, expected }
  }
}
