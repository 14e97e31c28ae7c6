import type { LogitsRows, Outputs, Sequence, SequenceInCompany, TokenId } from '@foretoken/core'
import type { Pace } from './pace.js'

/** A sequence that may be copied while a generation runs on it: each call waits for those before it. */
export class SharedSequence implements Sequence {
  private pending = 0
  private last: Promise<unknown> = Promise.resolve()

  /** @param changed Called whenever it holds more. */
  constructor(
    private readonly inner: SequenceInCompany,
    private readonly pace: Pace,
    private readonly changed: () => void,
  ) {}

  get tokens(): readonly TokenId[] {
    return this.inner.tokens
  }

  get length(): number {
    return this.inner.length
  }

  async forward(
    tokens: readonly TokenId[],
    options?: { outputs?: Outputs; signal?: AbortSignal | undefined },
  ): Promise<LogitsRows> {
    if (options?.outputs !== 'none') return this.inTurn(() => this.inner.forward(tokens, options))
    for (let from = 0; ;) {
      const to = Math.min(tokens.length, from + this.pace.next())
      const started = performance.now()
      const rows = await this.inTurn(() => this.inner.forward(tokens.slice(from, to), options))
      this.pace.observe(to - from, performance.now() - started)
      this.changed()
      if (to === tokens.length) return rows
      from = to
    }
  }

  truncate(length: number): Promise<void> {
    return this.inTurn(() => this.inner.truncate(length))
  }

  /** A second sequence of the model with the same content. The model must be able to fork. */
  copy(): Promise<SequenceInCompany> {
    return this.inTurn(() => this.inner.fork!())
  }

  /** Its generation is over: others need not wait for it. */
  leave(): void {
    this.inner.leave()
  }

  dispose(): Promise<void> {
    return this.inner.dispose()
  }

  private inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    // At once where nobody is before it: a round must not wait for anything that is not there.
    const result = this.pending++ === 0 ? action() : this.last.then(action)
    const settled = result.finally(() => {
      this.pending--
    })
    this.last = settled.catch(() => {})
    return settled
  }
}
