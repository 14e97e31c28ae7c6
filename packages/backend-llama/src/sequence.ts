import { ForetokenError } from '@foretoken/core'
import type { Capabilities, LogitsRows, Outputs, Sequence, TokenId } from '@foretoken/core'
import { checkForward, checkLength, inUse } from '@foretoken/core/backend'
import type { NativeContext } from './ffi/context.js'
import type { Line, PassQueue } from './queue.js'
import { Checkpoints } from './replay.js'

/** What a sequence needs of its model. */
export interface SequenceHost {
  readonly context: NativeContext
  readonly queue: PassQueue
  readonly vocabSize: number
  readonly contextLength: number
  readonly capabilities: Capabilities
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
  /** For models that cannot drop tokens. */
  private checkpoints: Checkpoints | undefined
  private busy = false
  private disposed: ForetokenError | undefined

  /** @param id Its number in the cache, where it must be empty. */
  constructor(host: SequenceHost, id: number) {
    this.host = host
    this.id = id
    if (host.capabilities.rollback === 'replay') this.checkpoints = new Checkpoints(host.context)
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
      const outputs = checkForward(tokens, options.outputs, this.held.length, this.host)
      options.signal?.throwIfAborted()
      return this.alone(this.run(tokens, outputs, options.signal))
    } catch (error) {
      return Promise.reject(error as Error)
    }
  }

  async truncate(length: number): Promise<void> {
    this.mayRun('truncate()')
    checkLength(length, this.held.length)
    if (length === this.held.length) return
    await this.alone(this.rollBack(length))
  }

  async fork(): Promise<Sequence> {
    this.mayRun('fork()')
    const copy = this.host.open()
    await this.alone(
      this.host.queue.exclusively(() => {
        this.host.context.copySequence(this.id, copy.id)
        for (const token of this.held) copy.held.push(token)
        copy.checkpoints = this.checkpoints?.copy()
      }),
    )
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

  private run(tokens: readonly TokenId[], outputs: number, signal: AbortSignal | undefined): Promise<LogitsRows> {
    const { checkpoints } = this
    if (checkpoints !== undefined) {
      // Done before our pass starts: at once, or when the pass in flight is over.
      this.host.queue
        .exclusively(() => checkpoints.save(this.id, this.held.length))
        // Without it, going back takes longer. If the runtime is in trouble, the pass will tell.
        .catch(() => {})
    }
    return this.host.queue.forward(this, tokens, outputs, signal)
  }

  private async rollBack(length: number): Promise<void> {
    const { checkpoints } = this
    if (checkpoints === undefined) {
      await this.host.queue.exclusively(() => {
        if (!this.host.context.removeFrom(this.id, length)) {
          throw new ForetokenError('runtime', 'llama.cpp could not drop the end of the sequence.')
        }
        this.held.length = length
      })
      return
    }
    const kept = this.held.slice(0, length)
    await this.host.queue.exclusively(() => {
      this.held.length = checkpoints.restore(this.id, length)
    })
    // Its number in the cache may be another sequence's by now.
    if (this.disposed !== undefined) throw this.disposed
    if (this.held.length < length) await this.run(kept.slice(this.held.length), 0, undefined)
  }

  /** Lets no other call in until `running` is settled, and the caller learns of it afterwards: it may call again at once. */
  private alone<Result>(running: Promise<Result>): Promise<Result> {
    this.busy = true
    return running.finally(() => {
      this.busy = false
    })
  }

  private mayRun(what: string): void {
    if (this.disposed !== undefined) throw this.disposed
    if (this.busy) throw inUse(what)
  }
}
