import type { TokenId } from '../../model.js'
import { grown } from './grown.js'
import { Transitions } from './transitions.js'

/** A token is counted in at most so many states. Only text that goes round and round has more. */
const deepest = 256

/**
 * Every run of tokens of a text, and how often each occurs: a suffix automaton (Blumer et al., 1985) that grows by a
 * token at a time and takes any number of texts.
 *
 * A state stands for the runs that end in the same places. Its longest has {@link length} tokens; its shortest has one
 * more than the longest of the state that {@link link} gives: what is left of these runs without their first tokens, and
 * occurs in more places.
 *
 * Counts are right at any time, and so is the likeliest token after each run: a new token raises the counts along the links
 * of its state, and only there can another token become the likeliest. Along these links a text that repeats one token
 * over and over has as many states as it has tokens, so there it is cut: a run across the cut is not known.
 */
export class SuffixAutomaton {
  private readonly transitions = new Transitions()
  private lengths = new Int32Array(64)
  private links = new Int32Array(64)
  private counts = new Int32Array(64)
  private likeliest = new Int32Array(64)
  private states = 1
  /** Of the whole text that is being added. */
  private last = 0

  /** Tokens added so far. */
  tokens = 0

  /** Memory that it takes. */
  get bytes(): number {
    const columns = [this.lengths, this.links, this.counts, this.likeliest]
    return columns.reduce((sum, column) => sum + column.byteLength, this.transitions.bytes)
  }

  /** How many tokens the longest run of a state has. */
  length(state: number): number {
    return this.lengths[state]!
  }

  /** The state of the longest end of these runs that occurs elsewhere too. */
  link(state: number): number {
    return this.links[state]!
  }

  /** How often the runs of a state occur. Of state 0, the run of no tokens: how many tokens there are. */
  count(state: number): number {
    return this.counts[state]!
  }

  /** The token by which a state is reached. */
  token(state: number): TokenId {
    return this.transitions.tokenOf(state)
  }

  /** The state of a run and one token more; 0 when that does not occur. */
  follow(state: number, token: TokenId): number {
    return this.transitions.follow(state, token)
  }

  /** The state that follows most often, of equals the one that did so last; 0 at the end of all texts. */
  best(state: number): number {
    return this.likeliest[state]!
  }

  /** Ends a text: what is added next does not follow it. */
  end(): void {
    this.last = 0
  }

  /** @param token 0 or more. */
  add(token: TokenId): void {
    const before = this.last
    this.last = this.extend(before, token)
    this.tokens++
    if (this.raise(before, token) > deepest) this.end()
  }

  /** The state of the text and one token more. */
  private extend(before: number, token: TokenId): number {
    const known = this.follow(before, token)
    if (known !== 0) return this.only(known, before)
    const added = this.create(token, this.lengths[before]! + 1)
    let state = before
    for (;;) {
      const next = this.follow(state, token)
      if (next !== 0) {
        this.links[added] = this.only(next, state)
        return added
      }
      this.transitions.add(state, added)
      if (state === 0) return added
      state = this.links[state]!
    }
  }

  /** The state of those runs of `state` that are a run of `before` and a token more: of these alone. */
  private only(state: number, before: number): number {
    const length = this.lengths[before]! + 1
    if (this.lengths[state] === length) return state
    const part = this.create(this.token(state), length)
    this.links[part] = this.links[state]!
    this.counts[part] = this.counts[state]!
    this.likeliest[part] = this.likeliest[state]!
    this.transitions.copy(state, part)
    this.links[state] = part
    for (let from = before; this.follow(from, this.token(part)) === state; from = this.links[from]!) {
      this.transitions.redirect(from, part)
      if (this.likeliest[from] === state) this.likeliest[from] = part
      if (from === 0) break
    }
    return part
  }

  private create(token: TokenId, length: number): number {
    const state = this.states++
    if (state >= this.lengths.length) {
      this.lengths = grown(this.lengths, state + 1)
      this.links = grown(this.links, state + 1)
      this.counts = grown(this.counts, state + 1)
      this.likeliest = grown(this.likeliest, state + 1)
    }
    this.transitions.name(state, token)
    this.lengths[state] = length
    return state
  }

  /** Counts `token` after every end of the text up to the state `before`. @returns In how many states. */
  private raise(before: number, token: TokenId): number {
    this.counts[0]!++
    let raised = 0
    let done = 0
    for (let state = before; ; state = this.links[state]!) {
      const next = this.follow(state, token)
      if (next !== done) {
        this.counts[next]!++
        raised++
        done = next
      }
      if (this.counts[next]! >= this.counts[this.likeliest[state]!]! || this.likeliest[state] === 0) {
        this.likeliest[state] = next
      }
      if (state === 0) return raised
    }
  }
}
