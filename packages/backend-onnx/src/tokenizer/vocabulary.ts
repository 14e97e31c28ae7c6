import type { TokenId } from '@foretoken/core'
import { byteOf } from './alphabet.js'
import { type AddedToken, familyOf, type TokenizerJson } from './tokenizer-json.js'

/** What a token is, by the numbers that GGUF files give it. */
export const kinds = { normal: 1, unknown: 2, control: 3, text: 4, unused: 5, byte: 6 } as const

/** Every token of a model: what it is, how it is written down, and what it adds to a text. */
export class Vocabulary {
  readonly size: number
  /** Those that are looked for in a text before it is split into tokens. */
  readonly added: readonly AddedToken[]
  /** What stands for a text that has no token. */
  readonly unknown: TokenId | undefined
  private readonly family: ReturnType<typeof familyOf>
  private readonly texts: (string | undefined)[]
  private readonly kinds: Uint8Array
  private readonly byteTokens: (TokenId | undefined)[] = []

  /** @param size Of the model's rows of logits. Models are often padded beyond their tokenizer. */
  constructor(json: TokenizerJson, size: number) {
    this.size = size
    this.family = familyOf(json)
    this.added = (json.added_tokens ?? []).filter(({ id }) => id < size)
    this.texts = Array.from({ length: size })
    this.kinds = new Uint8Array(size).fill(kinds.unused)
    const { vocab } = json.model
    if (Array.isArray(vocab)) vocab.forEach(([text], token) => this.put(token, text))
    else for (const text in vocab) this.put(vocab[text]!, text)
    for (const { id, content, special } of this.added) {
      this.texts[id] = content
      this.kinds[id] = special || looksLikeControl.test(content) ? kinds.control : kinds.text
    }
    const { unk_id, unk_token } = json.model
    this.unknown = unk_id ?? (typeof unk_token === 'string' ? this.idOf(unk_token) : undefined)
    if (this.unknown !== undefined && this.family === 'sentencepiece') this.kinds[this.unknown] = kinds.unknown
  }

  /** The token that is written as `text`. */
  idOf(text: string): TokenId | undefined {
    const token = this.texts.indexOf(text)
    return token < 0 ? undefined : token
  }

  kindOf(token: TokenId): number {
    return this.kinds[token]!
  }

  /** Whether it is there to steer the model, not to be written. */
  isControl(token: TokenId): boolean {
    return this.kinds[token] === kinds.control || this.kinds[token] === kinds.unknown
  }

  isByte(token: TokenId): boolean {
    return this.kinds[token] === kinds.byte
  }

  /** The token that stands for one byte of a text that has no tokens. */
  byteToken(byte: number): TokenId | undefined {
    return this.byteTokens[byte]
  }

  /** As files of the model write it down. */
  written(token: TokenId): string {
    const text = this.texts[token] ?? `[PAD${token}]`
    return this.kinds[token] === kinds.text ? text.replaceAll('▁', ' ') : text
  }

  /** @param special Whether control tokens are written out. */
  bytes(token: TokenId, special: boolean): Uint8Array {
    const written = this.written(token)
    switch (this.kinds[token]) {
      case kinds.unused:
        return nothing
      case kinds.control:
      case kinds.unknown:
        return special ? utf8.encode(written) : nothing
      case kinds.text:
        return utf8.encode(written)
      case kinds.byte:
        return Uint8Array.of(Number.parseInt(written.slice(3, 5), 16))
      default:
        return this.family === 'byte-level' ? byteLevel(written) : utf8.encode(written.replaceAll('▁', ' '))
    }
  }

  private put(token: TokenId, text: string): void {
    if (token >= this.size) return
    this.texts[token] = text
    this.kinds[token] = kinds.normal
    if (this.family !== 'sentencepiece' || !byteToken.test(text)) return
    this.kinds[token] = kinds.byte
    this.byteTokens[Number.parseInt(text.slice(3, 5), 16)] = token
  }
}

/** A SentencePiece token for one byte. */
const byteToken = /^<0x[0-9A-F]{2}>$/

/** Some models do not mark all of theirs. Those who convert to GGUF go by the same forms, so both agree. */
const looksLikeControl = /^(<\|.*\|>|<｜.*｜>|<unused.*>|<pad>|<mask>|<2mass>|\[@BOS@\])$/s

const nothing = new Uint8Array()
const utf8 = new TextEncoder()

function byteLevel(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) {
    const byte = byteOf.get(text[at]!)
    if (byte === undefined) return utf8.encode(text)
    bytes[at] = byte
  }
  return bytes
}
