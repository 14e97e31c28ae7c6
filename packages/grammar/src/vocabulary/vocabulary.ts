import { ForetokenError, type TokenId, type Tokenizer } from '@foretoken/core'
import { buildTrie, type Trie } from './trie.js'

/** What has to be known of a vocabulary. */
export type VocabularySource = Pick<Tokenizer, 'vocabSize' | 'bytes' | 'isEnd'>

/**
 * A vocabulary, ready to be matched. Long tokens are apart: a mask may count to their length, and few would make all the
 * others count as far.
 */
export class Vocabulary {
  readonly size: number
  readonly ends: readonly TokenId[]
  readonly tries: readonly Trie[]
  private readonly endings: Uint8Array
  private readonly text: Uint8Array
  private readonly first: Int32Array

  constructor(source: VocabularySource) {
    if (!source.bytes) {
      throw new ForetokenError(
        'unsupported',
        'Structured output needs the bytes of every token, and this tokenizer does not tell them (Tokenizer.bytes).',
      )
    }
    this.size = source.vocabSize
    this.endings = new Uint8Array(this.size)
    this.first = new Int32Array(this.size + 1)
    const short = new Map<string, TokenId[]>()
    const long = new Map<string, TokenId[]>()
    const ends: TokenId[] = []
    const pieces: Uint8Array[] = []
    let length = 0
    for (let token = 0; token < this.size; token++) {
      this.first[token] = length
      if (source.isEnd(token)) {
        this.endings[token] = 1
        ends.push(token)
        continue
      }
      const bytes = source.bytes(token)
      if (bytes.length === 0) continue
      pieces.push(bytes)
      length += bytes.length
      const text = String.fromCharCode(...bytes)
      const group = bytes.length <= shortest ? short : long
      const same = group.get(text)
      if (same) same.push(token)
      else group.set(text, [token])
    }
    this.first[this.size] = length
    this.text = new Uint8Array(length)
    for (let i = 0, at = 0; i < pieces.length; at += pieces[i++]!.length) this.text.set(pieces[i]!, at)
    this.ends = ends
    this.tries = [buildTrie(short), buildTrie(long)].filter((trie) => trie.bytes.length > 0)
  }

  has(token: TokenId): boolean {
    return Number.isInteger(token) && token >= 0 && token < this.size
  }

  isEnd(token: TokenId): boolean {
    return this.endings[token] === 1
  }

  bytes(token: TokenId): Uint8Array {
    return this.text.subarray(this.first[token], this.first[token + 1])
  }
}

const shortest = 12

const known = new WeakMap<VocabularySource, Vocabulary>()

/** Once for each tokenizer. */
export function vocabularyOf(source: VocabularySource): Vocabulary {
  let vocabulary = known.get(source)
  if (!vocabulary) known.set(source, (vocabulary = new Vocabulary(source)))
  return vocabulary
}
