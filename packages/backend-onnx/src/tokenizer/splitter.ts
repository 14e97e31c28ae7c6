import type { TokenId } from '@foretoken/core'
import { Tokenizer as Library } from '@huggingface/tokenizers'
import { AddedTokens } from './added-tokens.js'
import type { TokenizerJson } from './tokenizer-json.js'
import type { Vocabulary } from './vocabulary.js'

/**
 * Text to tokens, by `@huggingface/tokenizers`. What it does with added tokens we do ourselves, because it takes the text
 * of a control token for the token, whoever wrote it.
 */
export class Splitter {
  private readonly pipeline: Library
  private readonly vocabulary: Vocabulary
  private readonly byteFallback: boolean
  /** Those that count in any text, and those that count where control tokens are welcome. */
  private readonly plain: AddedTokens
  private readonly special: AddedTokens

  /** @param json Is changed: the library takes it over. */
  constructor(json: TokenizerJson, vocabulary: Vocabulary) {
    this.vocabulary = vocabulary
    this.byteFallback = json.model.byte_fallback ?? false
    this.special = new AddedTokens(vocabulary.added)
    this.plain = new AddedTokens(vocabulary.added.filter(({ id }) => !vocabulary.isControl(id)))
    hideControl(json.model.vocab, vocabulary)
    const { normalizer = null, pre_tokenizer, decoder = null } = json
    const preTokenizer = withProperSpaces(pre_tokenizer ?? null)
    this.pipeline = new Library(
      { model: json.model, normalizer, pre_tokenizer: preTokenizer, decoder, post_processor: null, added_tokens: [] },
      {},
    )
  }

  /** @param special Whether the text of control tokens stands for the tokens. */
  split(text: string, special: boolean): TokenId[] {
    const parts = (special ? this.special : this.plain).split(text)
    return parts.flatMap((part, index) => (typeof part === 'number' ? part : this.section(part, index)))
  }

  /** @param index Of the section in the text: some tokenizers put a space before the first one. */
  private section(text: string, index: number): TokenId[] {
    const { normalizer, pre_tokenizer: preTokenizer, model } = this.pipeline
    const normal: string = normalizer ? normalizer(text) : text
    if (normal === '') return []
    const words: string[] = preTokenizer ? preTokenizer(normal, { section_index: index }) : [normal]
    return model!(words).flatMap((piece: string) => this.pipeline.token_to_id(piece) ?? this.without(piece))
  }

  /** For a piece that has no token. */
  private without(piece: string): TokenId[] {
    if (this.byteFallback) {
      const bytes = Array.from(Buffer.from(piece), (byte) => this.vocabulary.byteToken(byte))
      if (bytes.every((token) => token !== undefined)) return bytes
    }
    const unknown = this.vocabulary.unknown
    return unknown === undefined ? [] : [unknown]
  }
}

/** Takes the control tokens out of what texts can be split into, and single bytes, which are no text. */
function hideControl(vocab: TokenizerJson['model']['vocab'], vocabulary: Vocabulary): void {
  if (Array.isArray(vocab)) {
    vocab.forEach((entry, token) => {
      if (token < vocabulary.size && (vocabulary.isControl(token) || vocabulary.isByte(token))) entry[0] = ''
    })
    return
  }
  for (const { id, content } of vocabulary.added) if (vocabulary.isControl(id)) delete vocab[content]
}

/**
 * GPT-2's own pattern is built into the library with JavaScript's idea of white space, which counts U+FEFF and leaves out
 * U+0085. Written out, it is read as the Rust library reads it.
 */
function withProperSpaces(step: TokenizerJson['pre_tokenizer']): object | null {
  if (!step) return null
  if (step.pretokenizers) return { ...step, pretokenizers: step.pretokenizers.map(withProperSpaces) }
  if (step.type !== 'ByteLevel' || step.use_regex === false || step.add_prefix_space) return step
  const pattern = { Regex: String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+` }
  const split = { type: 'Split', pattern, behavior: 'Isolated', invert: false }
  return { type: 'Sequence', pretokenizers: [split, { ...step, use_regex: false }] }
}
