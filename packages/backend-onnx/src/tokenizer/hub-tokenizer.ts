import { ForetokenError } from '@foretoken/core'
import type { RenderChat, TokenId, Tokenizer } from '@foretoken/core'
import { chatRenderer } from '@foretoken/core/backend'
import { Template } from '@huggingface/jinja'
import { fingerprintOf } from './fingerprint.js'
import { Splitter } from './splitter.js'
import { type PostProcessor, type TokenizerConfig, type TokenizerJson, tokenText } from './tokenizer-json.js'
import { Vocabulary } from './vocabulary.js'

export interface TokenizerParts {
  /** Of `tokenizer.json`. Taken over: it is changed. */
  readonly json: TokenizerJson
  /** Of `tokenizer_config.json`. */
  readonly config: TokenizerConfig
  /** The text of `chat_template.jinja`, which comes before what the config has. */
  readonly chatTemplate?: string | undefined
  /** How many logits a row of the model has. */
  readonly vocabSize: number
  /** What ends a text, as the model's configs say. The tokenizer's own end token is added to it. */
  readonly endTokens: readonly TokenId[]
}

/**
 * The tokenizer of a model as the Hub keeps it. Text is split by `@huggingface/tokenizers`; tokens become text as bytes, one
 * after the other, so that any cut gives the same text. A space that SentencePiece puts before a text stays in it.
 */
export class HubTokenizer implements Tokenizer {
  readonly vocabSize: number
  readonly fingerprint: string
  readonly endTokens: readonly TokenId[]
  readonly renderChat?: RenderChat
  private readonly vocabulary: Vocabulary
  private readonly splitter: Splitter
  private readonly start: readonly TokenId[]
  /** The bytes of each token, without and with the text of control tokens. Filled when they are asked for. */
  private readonly plain: (Uint8Array | undefined)[] = []
  private readonly special: (Uint8Array | undefined)[] = []

  /** @throws `unsupported` when the tokenizer is of a kind that is not known here. */
  constructor({ json, config, chatTemplate, vocabSize, endTokens }: TokenizerParts) {
    this.vocabSize = vocabSize
    this.vocabulary = new Vocabulary(json, vocabSize)
    this.fingerprint = fingerprintOf(this.vocabulary)
    const [start, end] = [tokenText(config.bos_token), tokenText(config.eos_token)]
    const tokens = (texts: readonly (string | undefined)[]): TokenId[] =>
      texts.map((text) => text && this.vocabulary.idOf(text)).filter((token) => typeof token === 'number')
    this.endTokens = [...new Set([...endTokens, ...tokens([end])])]
    // What the config says outright comes first, as it does for those who convert to GGUF.
    const said = config.add_bos_token ?? undefined
    const starts = said === undefined ? startsOf(json.post_processor) : said ? [start] : []
    this.start = tokens(starts)
    this.splitter = new Splitter(json, this.vocabulary)
    const rendererOf = (template: string): RenderChat =>
      chatRenderer(() => new Template(template), start ?? '', end ?? '')
    const template = chatTemplate ?? templateOf(config, 'default')
    if (template !== undefined) {
      const [plain, forTools] = [rendererOf(template), chatTemplate ?? templateOf(config, 'tool_use')]
      const withTools = forTools === undefined || forTools === template ? plain : rendererOf(forTools)
      this.renderChat = (messages, options) => (options?.tools?.length ? withTools : plain)(messages, options)
    }
  }

  encode(text: string, options: { special?: boolean; start?: boolean } = {}): TokenId[] {
    const { special = false, start = false } = options
    const found = this.splitter.split(text, special)
    // Many chat templates write the start token themselves; a second one makes the model's answers worse.
    if (!start || this.start.every((token, at) => found[at] === token)) return found
    return [...this.start, ...found]
  }

  decode(tokens: readonly TokenId[], options: { special?: boolean } = {}): string {
    const { special = false } = options
    return utf8.decode(Buffer.concat(tokens.map((token) => this.pieceOf(token, special))))
  }

  isEnd(token: TokenId): boolean {
    this.mustExist(token)
    return this.endTokens.includes(token)
  }

  bytes(token: TokenId): Uint8Array {
    return this.pieceOf(token, false)
  }

  private pieceOf(token: TokenId, special: boolean): Uint8Array {
    const cache = special ? this.special : this.plain
    const known = cache[token]
    if (known !== undefined) return known
    this.mustExist(token)
    return (cache[token] = this.vocabulary.bytes(token, special))
  }

  private mustExist(token: TokenId): void {
    if (Number.isInteger(token) && token >= 0 && token < this.vocabSize) return
    throw new ForetokenError('invalid-argument', `${token} is not a token: the vocabulary has ${this.vocabSize}.`)
  }
}

/** The texts of the tokens that are put before a text. */
function startsOf(processor: PostProcessor | null | undefined): string[] {
  if (!processor) return []
  if (processor.processors) return processor.processors.flatMap(startsOf)
  const before = processor.single?.findIndex((item) => item.Sequence !== undefined) ?? 0
  return (processor.single ?? []).slice(0, Math.max(0, before)).flatMap((item) => item.SpecialToken?.id ?? [])
}

/** Some models have several, by name: `default`, `tool_use`, one for documents. */
function templateOf({ chat_template: templates }: TokenizerConfig, name: string): string | undefined {
  if (typeof templates === 'string') return templates
  return templates?.find((each) => each.name === name)?.template
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
