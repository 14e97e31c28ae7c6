import type { Trie } from '../vocabulary/trie.js'
import type { Vocabulary } from '../vocabulary/vocabulary.js'
import type { Frame } from './frames.js'
import type { Machine } from './machine.js'
import type { State } from './state.js'

/** What a part of a state allows by itself: tokens, and nodes of the trie at which it has ended. */
interface PartMask {
  readonly bits: Int32Array
  readonly exits: readonly number[]
}

/** Masks that are kept. The larger the vocabulary, the fewer. */
const keptBytes = 16 * 1024 * 1024

/**
 * Which tokens may follow a state: the tree of all tokens is walked along the machine.
 *
 * Strings are what takes time, as nearly all tokens fit into one. What a string allows until it ends is the same wherever
 * it stands, and however many characters it may still have once those are more than a token's: it is walked once and kept.
 */
export class Masks {
  private readonly machine: Machine
  private readonly vocabulary: Vocabulary
  private readonly words: number
  private readonly kept = new Map<Trie, Map<State, PartMask>>()
  private readonly room: number

  constructor(machine: Machine, vocabulary: Vocabulary) {
    this.machine = machine
    this.vocabulary = vocabulary
    this.words = Math.ceil(vocabulary.size / 32)
    this.room = Math.max(32, Math.floor(keptBytes / (4 * this.words)))
    for (const trie of vocabulary.tries) this.kept.set(trie, new Map())
  }

  fill(state: State, bits: Int32Array): void {
    bits.fill(0)
    if (state.complete) for (const token of this.vocabulary.ends) bits[token >> 5]! |= 1 << (token & 31)
    for (const trie of this.vocabulary.tries) {
      for (const { inside, base } of this.machine.parts(state, trie.height)) {
        const mask = this.partMask(trie, inside)
        for (let i = 0; i < this.words; i++) bits[i]! |= mask.bits[i]!
        if (mask.exits.length > 0) this.goOn(trie, mask.exits, base, bits)
      }
    }
  }

  private partMask(trie: Trie, inside: State): PartMask {
    const kept = this.kept.get(trie)!
    let mask = kept.get(inside)
    if (mask) {
      // The oldest are the first to go: what is used becomes the youngest.
      kept.delete(inside)
    } else {
      mask = { bits: new Int32Array(this.words), exits: [] }
      this.walk(trie, inside, 0, trie.bytes.length, 0, mask.bits, mask.exits as number[])
      if (kept.size >= this.room) kept.delete(kept.keys().next().value!)
    }
    kept.set(inside, mask)
    return mask
  }

  /** Below the nodes at which a part had ended, what called it goes on. */
  private goOn(trie: Trie, exits: readonly number[], base: Frame, bits: Int32Array): void {
    const state = this.machine.after(base)
    for (const node of exits) this.walk(trie, state, node + 1, trie.after[node]!, trie.depth[node]!, bits)
  }

  /** Sets the tokens from node `from` to `to`, all of which are below a node of depth `above` that led to `state`. */
  private walk(
    trie: Trie,
    state: State,
    from: number,
    to: number,
    above: number,
    bits: Int32Array,
    exits?: number[],
  ): void {
    const { bytes, depth, after, first, tokens } = trie
    const { machine } = this
    const { classOf } = machine.program
    const path: State[] = []
    path[above] = state
    for (let node = from; node < to;) {
      const at = depth[node]!
      const before = path[at - 1]!
      const byteClass = classOf[bytes[node]!]!
      let next = before.next[byteClass]
      if (next === undefined) next = machine.look(before, byteClass)
      if (next === null) {
        node = after[node]!
        continue
      }
      path[at] = next
      if (next.leaves && exits) exits.push(node)
      for (let i = first[node]!, end = first[node + 1]!; i < end; i++) {
        const token = tokens[i]!
        bits[token >> 5]! |= 1 << (token & 31)
      }
      node++
    }
  }
}
