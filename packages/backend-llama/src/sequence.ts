import { ForetokenError } from '@foretoken/core'
import type { Capabilities, LogitsRows, Sequence, TokenId } from '@foretoken/core'
import { GuardedSequence } from '@foretoken/core/backend'
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
export class LlamaSequence extends GuardedSequence implements Line {
  readonly id: number
  declare readonly held: TokenId[]
  private readonly host: SequenceHost
  /** For models that cannot drop tokens. */
  private checkpoints: Checkpoints | undefined

  /** @param id Its number in the cache, where it must be empty. */
  constructor(host: SequenceHost, id: number) {
    super(host)
    this.host = host
    this.id = id
    if (host.capabilities.rollback === 'replay') this.checkpoints = new Checkpoints(host.context)
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

  protected async free(): Promise<void> {
    this.host.queue.cancel(this, this.disposed!)
    await this.host.queue.exclusively(() => {
      this.host.context.removeFrom(this.id, 0)
      this.host.closed(this)
    })
  }

  protected run(tokens: readonly TokenId[], outputs: number, signal: AbortSignal | undefined): Promise<LogitsRows> {
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

  protected async rollBack(length: number): Promise<void> {
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
}
