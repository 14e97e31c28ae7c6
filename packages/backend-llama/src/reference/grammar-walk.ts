import type { Constraint, Matcher, TokenId, Tokenizer } from '@foretoken/core'
import { compileFormat } from '@foretoken/grammar'
import type { LlamaGrammars, LlamaText } from './grammar.js'
import type { Numbers } from './rows.js'

/**
 * What masks may differ in, each pinned by a test:
 *
 * - `not UTF-8`: llama.cpp allows bytes that no text has.
 * - `zero byte`: it never allows one.
 * - `control token`: it takes them for their names; for us they have no text.
 * - `refused early`: a token that ends inside a character, at a class that excludes some of those it may become;
 *   llama.cpp refuses it, though it allows what follows once it was taken.
 * - `end inside a character`: it lets a text end there.
 */
export type Reason = 'not UTF-8' | 'zero byte' | 'control token' | 'refused early' | 'end inside a character'

export type Tally = Record<Reason | 'states' | 'rollbacks' | 'ends', number>

export function newTally(): Tally {
  return {
    states: 0,
    rollbacks: 0,
    ends: 0,
    'not UTF-8': 0,
    'zero byte': 0,
    'control token': 0,
    'refused early': 0,
    'end inside a character': 0,
  }
}

/** The same text in both engines. */
export class Walk {
  readonly grammar: string
  readonly path: TokenId[] = []
  readonly matcher: Matcher
  private readonly grammars: LlamaGrammars
  private readonly tokenizer: Pick<Tokenizer, 'bytes' | 'isEnd'>
  private readonly tally: Tally
  private text: LlamaText

  /** @throws When one of them refuses the grammar. */
  constructor(grammars: LlamaGrammars, tokenizer: Tokenizer, grammar: string, tally: Tally) {
    this.grammars = grammars
    this.tokenizer = tokenizer
    this.grammar = grammar
    this.tally = tally
    const constraint: Constraint = compileFormat({ type: 'grammar', grammar }, tokenizer)
    this.matcher = constraint.open()
    this.text = this.begin()
  }

  /** Compares the masks. @returns The tokens that both allow. */
  compare(): TokenId[] {
    const [ours, theirs] = [this.matcher.mask(), this.text.mask()]
    const before = unfinished(this.bytes(this.path))!
    const both: TokenId[] = []
    for (let token = 0; token < theirs.length; token++) {
      const allowed = (ours[token >> 5]! >>> (token & 31)) & 1
      if (allowed === theirs[token]) {
        if (allowed) both.push(token)
        continue
      }
      const reason = this.reason(token, before, allowed === 1)
      if (reason === undefined) {
        const [yes, no] = allowed ? ['We allow', 'llama.cpp does not'] : ['llama.cpp allows', 'we do not']
        throw new Error(
          `${yes} ${JSON.stringify(Buffer.from(this.bytes([token])).toString())} (${token}), ${no}, after ` +
            `${JSON.stringify(Buffer.from(this.bytes(this.path)).toString())} by\n${this.grammar}`,
        )
      }
      this.tally[reason]++
    }
    this.tally.states++
    return both
  }

  accept(token: TokenId): void {
    if (!this.matcher.accept(token)) throw new Error(`The mask allows ${token}, and the matcher does not.`)
    this.text.accept(token)
    this.path.push(token)
  }

  /** Ends the text, which must change nothing once it is taken back. */
  end(token: TokenId): void {
    if (!this.matcher.accept(token)) throw new Error('The mask allows the end, and the matcher does not.')
    if (this.matcher.mask().some((bits) => bits !== 0)) throw new Error('Something may follow the end.')
    this.matcher.rollback(1)
    this.tally.ends++
  }

  /** Ours goes back; llama.cpp begins again, and takes only what is left. */
  rollback(count: number): void {
    this.matcher.rollback(count)
    this.path.length -= count
    this.text.free()
    this.text = this.begin()
    for (const token of this.path) this.text.accept(token)
    this.tally.rollbacks++
  }

  free(): void {
    this.text.free()
  }

  /** Random tokens, with steps back now and then, for as many comparisons. */
  random(numbers: Numbers, states: number): void {
    for (let i = 0; i < states; i++) {
      const both = this.compare()
      const end = both.find((token) => this.tokenizer.isEnd(token))
      const others = both.filter((token) => !this.tokenizer.isEnd(token))
      if (end !== undefined && numbers.uniform() < 0.3) this.end(end)
      if (others.length === 0) {
        if (end === undefined) throw new Error(`Nothing may follow ${JSON.stringify(this.path)} by\n${this.grammar}`)
        if (this.path.length === 0) return
      }
      if (others.length === 0 || (this.path.length > 0 && numbers.uniform() < 0.08)) {
        this.rollback(1 + numbers.below(this.path.length))
      } else {
        this.accept(this.pick(others, numbers))
      }
    }
  }

  /** Half of the time by first byte: what ends a string is one token, and what goes on with it thousands. */
  private pick(tokens: readonly TokenId[], numbers: Numbers): TokenId {
    if (numbers.uniform() < 0.5) return numbers.pick(tokens)
    const first = numbers.pick([...new Set(tokens.map((token) => this.bytes([token])[0]!))])
    return numbers.pick(tokens.filter((token) => this.bytes([token])[0] === first))
  }

  private begin(): LlamaText {
    const text = this.grammars.open(this.grammar)
    if (text === undefined) throw new Error(`llama.cpp refuses\n${this.grammar}`)
    return text
  }

  private reason(token: TokenId, before: readonly number[], ours: boolean): Reason | undefined {
    if (this.tokenizer.isEnd(token)) return !ours && before.length > 0 ? 'end inside a character' : undefined
    const bytes = this.bytes([token])
    if (bytes.length === 0) return ours ? undefined : 'control token'
    const after = unfinished([...before, ...bytes])
    if (after === undefined) return ours ? undefined : 'not UTF-8'
    if (!ours) return undefined
    if (bytes.includes(0)) return 'zero byte'
    return after.length > 0 && this.completes(this.text, before, bytes) ? 'refused early' : undefined
  }

  /** Whether llama.cpp, given the bytes one by one, allows a character that they begin. */
  private completes(text: LlamaText, before: readonly number[], bytes: readonly number[]): boolean {
    const [byte, ...rest] = bytes
    if (byte === undefined) {
      for (let next = 0x80; next <= 0xbf; next++) {
        if (unfinished([...before, next]) && this.completes(text, before, [next])) return true
      }
      return false
    }
    const token = this.byteToken(byte)
    const after = unfinished([...before, byte])!
    if (after.length === 0) {
      if (!text.allows(token)) return false
      // The character is whole, and no other has been begun.
      if (rest.length === 0) return true
    }
    const next = text.clone()
    next.accept(token)
    const completes = this.completes(next, after, rest)
    next.free()
    return completes
  }

  private byteToken(byte: number): TokenId {
    for (let token = 0; token < this.grammars.vocabSize; token++) {
      const bytes = this.tokenizer.bytes!(token)
      if (bytes.length === 1 && bytes[0] === byte) return token
    }
    throw new Error(`No token is the byte ${byte}.`)
  }

  private bytes(tokens: readonly TokenId[]): number[] {
    return tokens.flatMap((token) => [...this.tokenizer.bytes!(token)])
  }
}

/** The bytes of the character that is not finished yet; `undefined` when nothing makes UTF-8 of it. */
function unfinished(bytes: readonly number[]): readonly number[] | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes), {
      stream: true,
    })
    return bytes.slice(Buffer.byteLength(text))
  } catch {
    return undefined
  }
}
