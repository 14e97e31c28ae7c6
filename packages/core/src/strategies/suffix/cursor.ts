import type { TokenId } from '../../model.js'
import type { SuffixAutomaton } from './automaton.js'

/** Reads a text, and knows the longest end of it that occurs in an automaton, whatever is added there meanwhile. */
export class Cursor {
  private at = 0
  private matched = 0

  constructor(readonly automaton: SuffixAutomaton) {}

  /** The state of the longest end of the text that occurs. */
  get state(): number {
    this.settle()
    return this.at
  }

  /** How many tokens of the text it has. */
  get length(): number {
    return this.matched
  }

  read(token: TokenId): void {
    const { automaton } = this
    this.settle()
    let next = automaton.follow(this.at, token)
    while (next === 0 && this.at !== 0) {
      this.at = automaton.link(this.at)
      this.matched = automaton.length(this.at)
      next = automaton.follow(this.at, token)
    }
    if (next === 0) return
    this.at = next
    this.matched++
  }

  /** A state may have been divided since: what was read is then in the part of the shorter runs. */
  private settle(): void {
    const { automaton } = this
    while (this.at !== 0 && this.matched <= automaton.length(automaton.link(this.at))) {
      this.at = automaton.link(this.at)
    }
  }
}
