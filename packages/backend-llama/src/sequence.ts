import { ForetokenError } from '@foretoken/core'
import type { LogitsRows, Outputs, Sequence, TokenId } from '@foretoken/core'
import type { NativeContext } from './ffi/context.js'
import type { Line, PassQueue } from './queue.js'

/** What a sequence needs of its model. */
export interface SequenceHost {
  readonly context: NativeContext
  readonly queue: PassQueue
  readonly vocabSize: number
  readonly contextLength: number
  /** Opens an empty sequence. @throws as `LanguageModel.createSequence` */
  open(): LlamaSequence
  /** Takes a sequence's number back. No cell of the cache may belong to it. */
  closed(sequence: LlamaSequence): void
}

/** A sequence over llama.cpp's cache. */
export class LlamaSequence implements Sequence, Line {
  readonly id: number
  readonly held: TokenId[] = []
  private readonly host: SequenceHost
  private busy = false
  private disposed: ForetokenError | undefined

  /** @param id Its number in the cache, where it must be empty. */
  constructor(host: SequenceHost, id: number) {
    this.host = host
    this.id = id
  }

  get tokens(): readonly TokenId[] {
    return this.held
  }

  get length(): number {
    return this.held.length
  }

  forward(
    tokens: readonly TokenId[],
    options: { outputs?: Outputs; signal?: AbortSignal | undefined } = {},
  ): Promise<LogitsRows> {
    try {
      this.mayRun('forward()')
      const outputs = countOutputs(options.outputs ?? 'last', tokens.length)
      checkTokens(tokens, this.host.vocabSize)
      this.checkRoom(tokens.length)
      options.signal?.throwIfAborted()
      this.busy = true
      const done = this.host.queue.forward(this, tokens, outputs, options.signal)
      // Before the caller learns of it: its next forward may follow at once.
      return done.finally(() => {
        this.busy = false
      })
    } catch (error) {
      return Promise.reject(error as Error)
    }
  }

  async truncate(length: number): Promise<void> {
    this.mayRun('truncate()')
    if (!Number.isInteger(length) || length < 0 || length > this.held.length) {
      throw new ForetokenError(
        'invalid-argument',
        `A sequence of ${this.held.length} tokens cannot be rolled back to ${length}.`,
      )
    }
    if (length === this.held.length) return
    this.busy = true
    try {
      await this.host.queue.exclusively(() => {
        if (!this.host.context.removeFrom(this.id, length)) {
          throw new ForetokenError('unsupported', 'This model cannot be rolled back.')
        }
        this.held.length = length
      })
    } finally {
      this.busy = false
    }
  }

  async fork(): Promise<Sequence> {
    this.mayRun('fork()')
    const copy = this.host.open()
    this.busy = true
    try {
      await this.host.queue.exclusively(() => {
        this.host.context.copySequence(this.id, copy.id)
        for (const token of this.held) copy.held.push(token)
      })
    } finally {
      this.busy = false
    }
    return copy
  }

  async dispose(): Promise<void> {
    if (this.disposed !== undefined) return
    this.disposed = new ForetokenError('disposed', 'The sequence was disposed. Create another one.')
    this.host.queue.cancel(this, this.disposed)
    await this.host.queue.exclusively(() => {
      this.host.context.removeFrom(this.id, 0)
      this.host.closed(this)
    })
  }

  /** Makes every later call fail. For the model, which frees the cache itself. */
  abandon(reason: ForetokenError): void {
    this.disposed ??= reason
  }

  private mayRun(what: string): void {
    if (this.disposed !== undefined) throw this.disposed
    if (this.busy) {
      throw new ForetokenError(
        'invalid-argument',
        `${what} was called while another call on this sequence was under way. Await each call, or use fork().`,
      )
    }
  }

  private checkRoom(count: number): void {
    const { contextLength } = this.host
    if (this.held.length + count <= contextLength) return
    throw new ForetokenError(
      'context-overflow',
      `${this.held.length} tokens are held and ${count} more would exceed the context of ${contextLength}. ` +
        'Load the model with a larger contextSize, or shorten the text.',
    )
  }
}

function countOutputs(outputs: Outputs, tokens: number): number {
  if (outputs === 'all') return tokens
  if (outputs === 'none') return 0
  const count = outputs === 'last' ? 1 : outputs
  if (Number.isInteger(count) && count >= 0 && count <= tokens) return count
  throw new ForetokenError(
    'invalid-argument',
    `outputs: ${String(outputs)} does not fit ${tokens} tokens. Pass 'all', 'last', 'none' or a number up to that.`,
  )
}

function checkTokens(tokens: readonly TokenId[], vocabSize: number): void {
  for (const token of tokens) {
    if (Number.isInteger(token) && token >= 0 && token < vocabSize) continue
    throw new ForetokenError('invalid-argument', `${token} is not a token: the vocabulary has ${vocabSize}.`)
  }
}
