import { ForetokenError } from '@foretoken/core'
import type { RenderChat, TokenId, Tokenizer } from '@foretoken/core'
import { chatRenderer } from '@foretoken/core/backend'
import { Template } from '@huggingface/jinja'
import type { LlamaModel as NodeLlamaModel, Token } from 'node-llama-cpp'
import type { ModelInfo } from '../inspect.js'

/** The tokenizer of a model that node-llama-cpp loaded. */
export class PublicApiTokenizer implements Tokenizer {
  readonly vocabSize: number
  readonly fingerprint: string
  readonly renderChat?: RenderChat
  private readonly model: NodeLlamaModel
  private closed = false

  constructor(model: NodeLlamaModel, info: ModelInfo) {
    this.model = model
    this.vocabSize = info.vocabSize
    this.fingerprint = info.fingerprint ?? ''
    if (info.chatTemplate !== undefined) {
      const { chatTemplate } = info
      this.renderChat = chatRenderer(
        () => new Template(chatTemplate),
        model.tokens.bosString ?? '',
        model.tokens.eosString ?? '',
      )
    }
  }

  encode(text: string, options: { special?: boolean; start?: boolean } = {}): TokenId[] {
    this.mustLive()
    const tokens: TokenId[] = this.model.tokenize(text, options.special ?? false)
    const { bos, shouldPrependBosToken } = this.model.tokens
    if (options.start && shouldPrependBosToken && bos !== null && tokens[0] !== bos) tokens.unshift(bos)
    return tokens
  }

  decode(tokens: readonly TokenId[], options: { special?: boolean } = {}): string {
    this.mustLive()
    tokens.forEach((token) => this.mustExist(token))
    return this.model.detokenize(tokens as readonly Token[], options.special ?? false)
  }

  isEnd(token: TokenId): boolean {
    this.mustLive()
    this.mustExist(token)
    return this.model.isEogToken(token as Token)
  }

  /** Later calls throw. */
  close(): void {
    this.closed = true
  }

  private mustExist(token: TokenId): void {
    if (Number.isInteger(token) && token >= 0 && token < this.vocabSize) return
    throw new ForetokenError('invalid-argument', `${token} is not a token: the vocabulary has ${this.vocabSize}.`)
  }

  private mustLive(): void {
    if (this.closed) throw new ForetokenError('disposed', 'The model of this tokenizer was disposed.')
  }
}
