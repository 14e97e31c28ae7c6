import type { TokenId } from '../../model.js'
import { grown } from './grown.js'

/**
 * Which state follows a state by a token. State 0 is where every text begins: nothing leads back to it, so 0 also
 * stands for "none".
 *
 * All that leads to one state carries the same token, so a transition is its two ends. Most states have one way on, which
 * lies in a column; the others are found by hash.
 */
export class Transitions {
  /** The token by which each state is reached. */
  private token = new Int32Array(64)
  private first = new Int32Array(64)
  /** Of each state, its latest further transition, as an index into the arrays below; 0: none. */
  private latest = new Int32Array(64)

  private count = 1
  private from = new Int32Array(16)
  private target = new Int32Array(16)
  /** The state's transition before this one. */
  private before = new Int32Array(16)
  /** The next one in the same bucket. */
  private chain = new Int32Array(16)
  private buckets = new Int32Array(16)

  get bytes(): number {
    const columns = [this.token, this.first, this.latest, this.from, this.target, this.before, this.chain, this.buckets]
    return columns.reduce((sum, column) => sum + column.byteLength, 0)
  }

  /** Makes a state known. */
  name(state: number, token: TokenId): void {
    if (state >= this.token.length) {
      this.token = grown(this.token, state + 1)
      this.first = grown(this.first, state + 1)
      this.latest = grown(this.latest, state + 1)
    }
    this.token[state] = token
  }

  /** The token by which `state` is reached. */
  tokenOf(state: number): TokenId {
    return this.token[state]!
  }

  /** Where `token` leads from `state`; 0: nowhere. */
  follow(state: number, token: TokenId): number {
    const first = this.first[state]!
    if (first === 0 || this.token[first] === token) return first
    const further = this.latest[state] === 0 ? 0 : this.find(state, token)
    return this.target[further]!
  }

  /** Adds a transition that is not there yet. */
  add(state: number, target: number): void {
    if (this.first[state] === 0) {
      this.first[state] = target
      return
    }
    const index = this.count++
    if (index >= this.from.length) this.grow()
    this.from[index] = state
    this.target[index] = target
    this.before[index] = this.latest[state]!
    this.latest[state] = index
    this.hang(index)
  }

  /** Lets `state` lead to another target by the same token. */
  redirect(state: number, target: number): void {
    if (this.token[this.first[state]!] === this.token[target]) this.first[state] = target
    else this.target[this.find(state, this.token[target]!)] = target
  }

  /** Gives `state`, which has none, the transitions of `other`. */
  copy(other: number, state: number): void {
    this.first[state] = this.first[other]!
    for (let index = this.latest[other]!; index !== 0; index = this.before[index]!) this.add(state, this.target[index]!)
  }

  /** The index of a further transition; 0: there is none. */
  private find(state: number, token: TokenId): number {
    let index = this.buckets[this.bucket(state, token)]!
    while (index !== 0 && !(this.from[index] === state && this.token[this.target[index]!] === token)) {
      index = this.chain[index]!
    }
    return index
  }

  private grow(): void {
    const length = this.from.length + 1
    this.from = grown(this.from, length)
    this.target = grown(this.target, length)
    this.before = grown(this.before, length)
    this.chain = grown(this.chain, length)
    if (this.buckets.length >= this.from.length) return
    this.buckets = new Int32Array(this.buckets.length * 2)
    for (let index = 1; index < this.count - 1; index++) this.hang(index)
  }

  private hang(index: number): void {
    const bucket = this.bucket(this.from[index]!, this.token[this.target[index]!]!)
    this.chain[index] = this.buckets[bucket]!
    this.buckets[bucket] = index
  }

  private bucket(state: number, token: TokenId): number {
    const mixed = Math.imul(Math.imul(state, 0x9e3779b1) ^ token, 0x85ebca6b)
    return (mixed ^ (mixed >>> 15)) & (this.buckets.length - 1)
  }
}
