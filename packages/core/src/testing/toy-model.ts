import { ForetokenError } from '../errors.js'
import { kernels } from '../kernels/index.js'
import type { Capabilities, LanguageModel, LogitsRows, Outputs, Sequence, TokenId, Tokenizer } from '../model.js'

export interface ToyModelOptions {
  /** Default 4. */
  readonly vocabSize?: number
  /** The probabilities of the next token after `context`: `vocabSize` numbers, 0 allowed, that sum to one. */
  readonly next: (context: readonly TokenId[]) => readonly number[]
  /** Default 256. */
  readonly contextLength?: number
  /** Default 4. */
  readonly maxSequences?: number
  /** Default `trim`. */
  readonly rollback?: 'trim' | 'none'
  /** The token that ends a text. Default: none. */
  readonly end?: TokenId
  readonly description?: string
  /** Of the vocabulary, for models that differ in its padding alone. Default: one for each size. */
  readonly fingerprint?: string
}

/** A model whose distributions are known: what a text says next is a function that you write. Counts its passes. */
export class ToyModel implements LanguageModel {
  readonly description: string
  readonly vocabSize: number
  readonly contextLength: number
  readonly tokenizer: Tokenizer
  readonly capabilities: Capabilities
  /** Forward passes so far. */
  passes = 0
  /** Tokens that went through them. */
  computed = 0
  /** @internal */ open = 0
  /** @internal */ disposed = false
  private next: Promise<number> | undefined

  constructor(readonly options: ToyModelOptions) {
    const { vocabSize = 4, contextLength = 256, maxSequences = 4, rollback = 'trim' } = options
    this.description = options.description ?? `toy model of ${vocabSize} tokens`
    this.vocabSize = vocabSize
    this.contextLength = contextLength
    this.tokenizer = toyTokenizer(vocabSize, options.end, options.fingerprint)
    this.capabilities = { maxSequences, rollback, fork: true }
  }

  async createSequence(): Promise<ToySequence> {
    return this.sequence([])
  }

  /** @internal */
  sequence(tokens: TokenId[]): ToySequence {
    if (this.disposed) throw new ForetokenError('disposed', 'The toy model is disposed.')
    if (this.open >= this.capabilities.maxSequences) {
      throw new ForetokenError('unsupported', `The toy model holds ${this.open} sequences: dispose one first.`)
    }
    this.open++
    return new ToySequence(this, tokens)
  }

  /** Whoever is waiting shares the next pass. Resolves to its number. @internal */
  join(): Promise<number> {
    return (this.next ??= (async () => {
      // As in a real backend: with several callers, the next pass begins after all of them have read the last one's rows.
      await (this.open > 1 ? new Promise((resolve) => setTimeout(resolve, 0)) : undefined)
      this.next = undefined
      return ++this.passes
    })())
  }

  async dispose(): Promise<void> {
    this.disposed = true
  }
}

/** A sequence of a {@link ToyModel}. */
export class ToySequence implements Sequence {
  private disposed = false
  private busy = false

  constructor(
    private readonly model: ToyModel,
    private readonly held: TokenId[],
  ) {}

  get tokens(): readonly TokenId[] {
    return this.held
  }

  get length(): number {
    return this.held.length
  }

  async forward(
    tokens: readonly TokenId[],
    { outputs = 'last', signal }: { outputs?: Outputs; signal?: AbortSignal | undefined } = {},
  ): Promise<LogitsRows> {
    this.assertUsable()
    if (this.busy) throw new ForetokenError('invalid-argument', 'This sequence is in a forward pass already.')
    const wrong = tokens.find((token) => !Number.isInteger(token) || token < 0 || token >= this.model.vocabSize)
    if (wrong !== undefined) throw new ForetokenError('invalid-argument', `Token ${wrong} is not in the vocabulary.`)
    if (tokens.length === 0)
      throw new ForetokenError('invalid-argument', 'There are no tokens to run: pass at least one.')
    if (this.length + tokens.length > this.model.contextLength) {
      throw new ForetokenError('context-overflow', `${this.length} + ${tokens.length} tokens exceed the context.`)
    }
    signal?.throwIfAborted()
    this.busy = true
    const pass = await this.model.join()
    this.model.computed += tokens.length
    this.busy = false
    this.assertUsable()

    const count = outputs === 'all' ? tokens.length : outputs === 'last' ? 1 : outputs === 'none' ? 0 : outputs
    const rows: Float32Array[] = []
    for (let i = 0; i < tokens.length; i++) {
      this.held.push(tokens[i]!)
      if (i >= tokens.length - count) rows.push(Float32Array.from(this.model.options.next(this.held), Math.log))
    }
    return this.rows(rows, pass)
  }

  private rows(rows: Float32Array[], pass: number): LogitsRows {
    const { model } = this
    const row = (index: number): Float32Array => {
      if (pass !== model.passes) throw new ForetokenError('stale-logits', 'A later pass has overwritten these logits.')
      const found = rows[index]
      if (!found) throw new ForetokenError('invalid-argument', `Row ${index} of ${rows.length}.`)
      return found
    }
    return { count: rows.length, row, argmax: (index) => kernels.argmax(row(index)) }
  }

  async truncate(length: number): Promise<void> {
    this.assertUsable()
    if (this.model.capabilities.rollback === 'none') throw new ForetokenError('unsupported', 'It cannot roll back.')
    if (!Number.isInteger(length) || length < 0 || length > this.length) {
      throw new ForetokenError('invalid-argument', `Cannot roll ${this.length} tokens back to ${length}.`)
    }
    this.held.length = length
  }

  async fork(): Promise<ToySequence> {
    this.assertUsable()
    return this.model.sequence([...this.held])
  }

  async dispose(): Promise<void> {
    if (!this.disposed) this.model.open--
    this.disposed = true
  }

  private assertUsable(): void {
    if (this.disposed || this.model.disposed) throw new ForetokenError('disposed', 'The sequence is disposed.')
  }
}

/** Token 0 is `a`, token 1 is `b`, … */
function toyTokenizer(vocabSize: number, end: TokenId | undefined, fingerprint = `toy-${vocabSize}`): Tokenizer {
  const first = 'a'.codePointAt(0)!
  return {
    vocabSize,
    fingerprint,
    encode: (text) => [...text].map((character) => character.codePointAt(0)! - first),
    decode: (tokens) => tokens.map((token) => (token === end ? '' : String.fromCodePoint(first + token))).join(''),
    isEnd: (token) => token === end,
  }
}

/**
 * Random distributions that depend on the context: a table drawn from `seed` on the last `order` tokens.
 *
 * @param options.zeros The share of probabilities that are 0. Default 0.
 */
export function randomTable(options: {
  seed: number
  vocabSize: number
  order?: number
  zeros?: number
}): (context: readonly TokenId[]) => number[] {
  const { seed, vocabSize, order = 3, zeros = 0 } = options
  return (context) => {
    let state = hash(seed, vocabSize)
    for (const token of context.slice(-order)) state = hash(state, token + 1)
    const weights: number[] = []
    for (let i = 0; i < vocabSize; i++) {
      state = hash(state, i)
      const weight = (state >>> 0) / 2 ** 32
      state = hash(state, 77)
      weights.push((state >>> 0) / 2 ** 32 < zeros ? 0 : weight ** 2 + 1e-3)
    }
    if (!weights.some((weight) => weight > 0)) weights[Math.abs(state % vocabSize)] = 1
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    return weights.map((weight) => weight / total)
  }
}

function hash(state: number, value: number): number {
  let z = Math.imul(state ^ value, 0x9e3779b1) ^ (state >>> 15)
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
  return Math.imul(z ^ (z >>> 13), 0xc2b2ae35) ^ (z >>> 16)
}
