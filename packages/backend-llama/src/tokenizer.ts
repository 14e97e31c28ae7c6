import { ForetokenError } from '@foretoken/core'
import type { RenderChat, TokenId, Tokenizer } from '@foretoken/core'
import { chatRenderer } from '@foretoken/core/backend'
import { Template } from '@huggingface/jinja'
import type { Calls } from './ffi/calls.js'
import type { Pointer } from './ffi/structs.js'

/** The tokenizer of a model, run by llama.cpp. */
export class LlamaTokenizer implements Tokenizer {
  readonly vocabSize: number
  readonly fingerprint: string
  readonly renderChat?: RenderChat
  private readonly calls: Calls
  private readonly vocab: Pointer
  private readonly start: TokenId
  private readonly addsStart: boolean
  /** The bytes of each token, without and with the text of control tokens. Filled when they are asked for. */
  private readonly plain: (Uint8Array | undefined)[] = []
  private readonly special: (Uint8Array | undefined)[] = []
  private readonly scratch = new Uint8Array(4096)
  private freed = false

  constructor(calls: Calls, vocab: Pointer, fingerprint: string, chatTemplate: string | undefined) {
    this.calls = calls
    this.vocab = vocab
    this.fingerprint = fingerprint
    this.vocabSize = calls.llama_vocab_n_tokens(vocab)
    this.start = calls.llama_vocab_bos(vocab)
    this.addsStart = this.start >= 0 && calls.llama_vocab_get_add_bos(vocab)
    if (chatTemplate !== undefined) {
      this.renderChat = chatRenderer(
        () => new Template(chatTemplate),
        this.textOf(this.start),
        this.textOf(calls.llama_vocab_eos(vocab)),
      )
    }
  }

  encode(text: string, options: { special?: boolean; start?: boolean } = {}): TokenId[] {
    this.mustLive()
    const bytes = Buffer.from(text, 'utf8')
    const { special = false, start = false } = options
    // No token is shorter than a byte, apart from what some vocabularies put before a text.
    let tokens = new Int32Array(bytes.length + 16)
    let count = this.calls.llama_tokenize(this.vocab, bytes, bytes.length, tokens, tokens.length, false, special)
    if (count < 0) {
      tokens = new Int32Array(-count)
      count = this.calls.llama_tokenize(this.vocab, bytes, bytes.length, tokens, tokens.length, false, special)
    }
    if (count < 0) throw new ForetokenError('runtime', 'llama.cpp could not split the text into tokens.')
    const found = Array.from(tokens.subarray(0, count))
    // Many chat templates write the start token themselves; a second one makes the model's answers worse.
    if (start && this.addsStart && found[0] !== this.start) found.unshift(this.start)
    return found
  }

  decode(tokens: readonly TokenId[], options: { special?: boolean } = {}): string {
    this.mustLive()
    const { special = false } = options
    const pieces = tokens.map((token) => this.pieceOf(token, special))
    return utf8.decode(Buffer.concat(pieces))
  }

  isEnd(token: TokenId): boolean {
    this.mustLive()
    this.mustExist(token)
    return this.calls.llama_vocab_is_eog(this.vocab, token)
  }

  bytes(token: TokenId): Uint8Array {
    this.mustLive()
    return this.pieceOf(token, false)
  }

  /** The vocabulary goes with the model; later calls throw. */
  close(): void {
    this.freed = true
  }

  private textOf(token: TokenId): string {
    return token < 0 ? '' : utf8.decode(this.pieceOf(token, true))
  }

  private pieceOf(token: TokenId, special: boolean): Uint8Array {
    const cache = special ? this.special : this.plain
    const known = cache[token]
    if (known !== undefined) return known
    this.mustExist(token)
    let buffer = this.scratch
    let length = this.calls.llama_token_to_piece(this.vocab, token, buffer, buffer.length, 0, special)
    if (length < 0) {
      buffer = new Uint8Array(-length)
      length = this.calls.llama_token_to_piece(this.vocab, token, buffer, buffer.length, 0, special)
    }
    const piece = buffer.slice(0, Math.max(0, length))
    cache[token] = piece
    return piece
  }

  private mustExist(token: TokenId): void {
    if (Number.isInteger(token) && token >= 0 && token < this.vocabSize) return
    throw new ForetokenError('invalid-argument', `${token} is not a token: the vocabulary has ${this.vocabSize}.`)
  }

  private mustLive(): void {
    if (this.freed) throw new ForetokenError('disposed', 'The model of this tokenizer was disposed.')
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
