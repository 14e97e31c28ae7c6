import type { Constraint, Matcher, TokenId } from '@foretoken/core'
import type { Language } from './language/expression.js'
import { Machine } from './machine/machine.js'
import { Masks } from './machine/masks.js'
import { buildProgram } from './machine/nodes.js'
import type { State } from './machine/state.js'
import type { Vocabulary } from './vocabulary/vocabulary.js'

/** A language over a vocabulary. Texts that are open at a time share what was found out about it. */
export class LanguageConstraint implements Constraint {
  readonly name: string
  private readonly machine: Machine
  private readonly masks: Masks
  private readonly vocabulary: Vocabulary

  constructor(name: string, language: Language, vocabulary: Vocabulary) {
    this.name = name
    this.vocabulary = vocabulary
    this.machine = new Machine(buildProgram(language))
    this.masks = new Masks(this.machine, vocabulary)
  }

  open(): Matcher {
    return new LanguageMatcher(this.machine, this.masks, this.vocabulary)
  }
}

/** Forced texts are cut here: nobody drafts more. */
const longestForced = 256

class LanguageMatcher implements Matcher {
  private readonly machine: Machine
  private readonly masks: Masks
  private readonly vocabulary: Vocabulary
  private readonly bits: Int32Array
  /** The state before the text, and after each of its tokens; `null` after one that ended it. */
  private readonly history: (State | null)[]

  constructor(machine: Machine, masks: Masks, vocabulary: Vocabulary) {
    this.machine = machine
    this.masks = masks
    this.vocabulary = vocabulary
    this.bits = new Int32Array(Math.ceil(vocabulary.size / 32))
    this.history = [machine.start]
  }

  allows(token: TokenId): boolean {
    return this.after(token) !== undefined
  }

  mask(): Int32Array {
    const state = this.history.at(-1)!
    if (state === null) this.bits.fill(0)
    else this.masks.fill(state, this.bits)
    return this.bits
  }

  accept(token: TokenId): boolean {
    const next = this.after(token)
    if (next === undefined) return false
    this.history.push(next)
    return true
  }

  rollback(count: number): void {
    this.history.length = Math.max(1, this.history.length - count)
  }

  forced(): string {
    const bytes: number[] = []
    let state = this.history.at(-1) ?? null
    while (state !== null && bytes.length < longestForced) {
      const byte = this.machine.forced(state)
      if (byte < 0) break
      bytes.push(byte)
      state = this.machine.step(state, byte)
    }
    return wholeCharacters(bytes)
  }

  /** @returns `undefined` when `token` may not come. */
  private after(token: TokenId): State | null | undefined {
    let state = this.history.at(-1) ?? null
    if (state === null || !this.vocabulary.has(token)) return undefined
    if (this.vocabulary.isEnd(token)) return state.complete ? null : undefined
    const bytes = this.vocabulary.bytes(token)
    if (bytes.length === 0) return undefined
    for (const byte of bytes) {
      state = this.machine.step(state, byte)
      if (state === null) return undefined
    }
    return state
  }
}

/** The text of `bytes`, without a character that they only begin; none if they begin within one. */
function wholeCharacters(bytes: readonly number[]): string {
  if (bytes.length === 0 || (bytes[0]! & 0xc0) === 0x80) return ''
  let end = bytes.length
  const start = bytes.findLastIndex((byte) => (byte & 0xc0) !== 0x80)
  const first = bytes[start]!
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  if (end - start < length) end = start
  return new TextDecoder().decode(Uint8Array.from(bytes.slice(0, end)))
}
