import { ForetokenError } from '@foretoken/core'
import type { Capabilities, LogitsRows, Pass, Sequence, TokenId } from '@foretoken/core'
import { GuardedSequence } from '@foretoken/core/backend'
import type { PassQueue } from './queue.js'
import { PassRows } from './rows.js'
import type { Host } from './runtime/host.js'

/** The most tokens of one pass: an abort is seen after that many. */
const tokensPerPass = 128

/** What a sequence needs of its model. */
export interface SequenceHost {
  readonly host: Host
  readonly queue: PassQueue
  /** The model's number in the worker. */
  readonly id: number
  readonly vocabSize: number
  readonly contextLength: number
  readonly capabilities: Capabilities
  /** Opens an empty sequence. @throws as `LanguageModel.createSequence` */
  open(): OnnxSequence
  closed(sequence: OnnxSequence): void
}

/** A sequence whose cache lies in the worker, which may hold more than counts until the next pass tells it. */
export class OnnxSequence extends GuardedSequence {
  readonly id: number
  private readonly model: SequenceHost

  /** @param id Its number in the worker, which knows none like it. */
  constructor(model: SequenceHost, id: number) {
    super(model)
    this.model = model
    this.id = id
  }

  protected async rollBack(length: number): Promise<void> {
    if (length > 0 && this.model.capabilities.rollback === 'none') {
      throw new ForetokenError(
        'unsupported',
        'The model remembers more than its cache tells: it cannot be rolled back.',
      )
    }
    this.held.length = length
  }

  async fork(): Promise<Sequence> {
    this.mayRun('fork()')
    const copy = this.model.open()
    const { host, id: model } = this.model
    await this.alone(host.call({ op: 'fork', model, sequence: this.id, at: this.length, copy: copy.id }))
    copy.held.push(...this.held)
    return copy
  }

  protected async free(): Promise<void> {
    const { host, queue, id: model } = this.model
    queue.cancel(this.id, this.disposed!)
    // Behind the pass in flight. A worker that has ended holds nothing any more.
    await host.call({ op: 'drop', model, sequence: this.id }).catch(() => {})
    this.model.closed(this)
  }

  protected async run(
    wanted: readonly TokenId[],
    outputs: number,
    signal: AbortSignal | undefined,
  ): Promise<LogitsRows> {
    // A copy: what the caller does to its list meanwhile must not change what the cache is said to hold.
    const tokens = wanted.slice()
    const { queue, vocabSize } = this.model
    const buffers: Float32Array[] = []
    const silent = tokens.length - outputs
    let pass: Pass | undefined
    for (let from = 0; from < tokens.length; from += tokensPerPass) {
      signal?.throwIfAborted()
      if (this.disposed !== undefined) throw this.disposed
      const part = tokens.slice(from, from + tokensPerPass)
      const rows = Math.max(0, Math.min(part.length, from + part.length - silent))
      const passed = await queue.run({ sequence: this.id, at: this.length, tokens: part, outputs: rows })
      pass = passed.pass
      if (this.disposed !== undefined) throw this.disposed
      for (const token of part) this.held.push(token)
      if (passed.logits !== undefined) buffers.push(passed.logits)
    }
    return new PassRows(buffers, vocabSize, pass!, queue)
  }
}
