import type { Capabilities, LogitsRows, Pass, Sequence, TokenId } from '@foretoken/core'
import { GuardedSequence } from '@foretoken/core/backend'
import { type Link, LinkLost, Refused } from './link.js'
import type { Passed } from './messages.js'
import { type Region, RemoteRows, type RowsFile } from './rows.js'

/** What a sequence needs of its model. */
export interface SequenceHost {
  readonly file: RowsFile
  readonly vocabSize: number
  readonly contextLength: number
  readonly capabilities: Capabilities
  /** The process that holds the model: another one after the last was lost. @throws `worker-lost` when there is none. */
  link(signal?: AbortSignal): Promise<Link>
  /** After how many milliseconds a pass is taken to hang. */
  deadline(tokens: number): number | undefined
  passOf(told: Passed['pass']): Pass | undefined
  /** So many tokens had to be computed again. */
  replayed(tokens: number): void
  open(): RemoteSequence
  closed(sequence: RemoteSequence): void
}

/**
 * A sequence whose cache lies in another process. It knows its tokens: when that process is lost, it brings the next one up to
 * them, and does what it was about to do. Its caller sees a pass that took longer.
 */
export class RemoteSequence extends GuardedSequence {
  readonly id: number
  private readonly model: SequenceHost
  /** Where it is open. */
  private where: Link | undefined
  private region: Region | undefined
  private stamp = 0

  constructor(model: SequenceHost, id: number) {
    super(model)
    this.model = model
    this.id = id
  }

  protected async rollBack(length: number): Promise<void> {
    // The next call tells it.
    this.held.length = length
  }

  async fork(): Promise<Sequence> {
    this.mayRun('fork()')
    const copy = this.model.open()
    const copied = async (): Promise<void> => {
      for (;;) {
        try {
          const link = await this.there(undefined)
          await link.call({ op: 'fork', sequence: this.id, at: this.length, copy: copy.id })
          copy.where = link
          break
        } catch (error) {
          if (!(error instanceof LinkLost)) throw error
        }
      }
    }
    await this.alone(copied())
    copy.held.push(...this.held)
    return copy
  }

  protected async free(): Promise<void> {
    // Behind the pass in flight. A process that has ended holds nothing any more.
    await this.where?.call({ op: 'close', sequence: this.id }).catch(() => {})
    this.model.file.giveBack(this.region)
    this.model.closed(this)
  }

  protected async run(
    wanted: readonly TokenId[],
    outputs: number,
    signal: AbortSignal | undefined,
  ): Promise<LogitsRows> {
    // A copy: what the caller does to its list meanwhile must not change what the cache is said to hold.
    const tokens = Int32Array.from(wanted)
    this.stamp++
    this.region = this.model.file.reserve(outputs, this.region)
    for (;;) {
      try {
        const link = await this.there(signal)
        const { argmax, pass } = await this.pass(link, this.length, tokens, outputs, signal)
        for (const token of tokens) this.held.push(token)
        const { stamp } = this
        const fresh = (): boolean => stamp === this.stamp
        return new RemoteRows(this.model.file, this.region.position, argmax, this.model.passOf(pass), fresh)
      } catch (error) {
        if (this.disposed !== undefined) throw this.disposed
        if (!(error instanceof LinkLost)) throw error
      }
    }
  }

  /** The process that holds the model, where this sequence is what it is here. */
  private async there(signal: AbortSignal | undefined): Promise<Link> {
    const link = await this.model.link(signal)
    if (this.where === link) return link
    await link.call({ op: 'open', sequence: this.id })
    if (this.length > 0) {
      // Within this call it is the same as a pass that takes longer.
      await this.replay(link, signal)
      this.model.replayed(this.length)
    }
    this.where = link
    return link
  }

  private async replay(link: Link, signal: AbortSignal | undefined): Promise<void> {
    const { held } = this
    try {
      await this.call(link, 0, Int32Array.from(held), 0, signal)
    } catch (error) {
      // What was not computed again goes on being held, and is computed at the next call.
      if (error instanceof Refused) await link.call({ op: 'close', sequence: this.id }).catch(() => {})
      signal?.throwIfAborted()
      throw error
    }
  }

  private async pass(
    link: Link,
    at: number,
    tokens: Int32Array,
    outputs: number,
    signal: AbortSignal | undefined,
  ): Promise<Passed> {
    try {
      return await this.call(link, at, tokens, outputs, signal)
    } catch (error) {
      if (error instanceof Refused && error.held !== undefined) {
        // It was ended in the middle: what was computed until then stays.
        for (let i = 0; at + i < error.held && i < tokens.length; i++) this.held.push(tokens[i]!)
        this.held.length = Math.min(this.held.length, error.held)
      }
      signal?.throwIfAborted()
      throw error
    }
  }

  private async call(
    link: Link,
    at: number,
    tokens: Int32Array,
    outputs: number,
    signal: AbortSignal | undefined,
  ): Promise<Passed> {
    const position = this.region?.position ?? 0
    const request = { op: 'forward', sequence: this.id, at, tokens, outputs, position } as const
    const passed = await link.call(request, { signal, deadlineMs: this.model.deadline(tokens.length) })
    return passed!
  }
}
