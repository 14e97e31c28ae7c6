import { ForetokenError, generate } from '@foretoken/core'
import type { GenerateEvent, GenerateOptions, GenerateResult } from '@foretoken/core'
import type { Drafting } from './drafting.js'
import type { EngineRun } from './engine.js'
import type { EngineObserver, Outcome } from './observer.js'
import type { Lease } from './slots.js'
import { Tally, watched } from './watched-length.js'

export interface RunInit {
  readonly options: GenerateOptions
  readonly drafting: Drafting
  readonly lease: Lease
  /** Ends the turn. */
  readonly leave: () => void
  readonly observer: EngineObserver | undefined
  /** When the request came, by `performance.now()`. */
  readonly cameAt: number
}

type Step = IteratorResult<GenerateEvent>

/** One generation on a slot. However it ends, the slot is free again, once. */
export class Run implements EngineRun {
  private readonly events: AsyncIterator<GenerateEvent>
  /** Steps that were taken before anyone asked for them. */
  private readonly ahead: Promise<Step>[] = []
  private readonly stop = new AbortController()
  private readonly tally = new Tally()
  private readonly abort = (): void => void this.end('aborted', this.init.options.signal?.reason)
  private finished: GenerateResult | undefined
  /** What ended it, other than its own end. */
  private failure: { readonly error: unknown } | undefined
  private ending: Promise<void> | undefined
  private said = 0
  private sinceToken = 0

  constructor(private readonly init: RunInit) {
    const { options, drafting, lease, observer } = init
    const tell: EngineObserver['round'] = (name, round) => observer?.round(name, round)
    this.events = generate({
      ...options,
      strategy: drafting.strategy,
      length: watched(drafting.length, this.tally, (round) => tell(drafting.name, round)),
      sequence: lease.sequence,
      signal: this.stop.signal,
    })[Symbol.asyncIterator]()
    options.signal?.addEventListener('abort', this.abort, { once: true })
    void this.readPrompt()
    if (options.signal?.aborted) this.abort()
  }

  [Symbol.asyncIterator](): AsyncIterator<GenerateEvent> {
    return {
      next: () => this.next(),
      return: async () => {
        await this.end('aborted', new ForetokenError('disposed', 'The run was ended before it had a result.'))
        return { done: true, value: undefined }
      },
    }
  }

  async result(): Promise<GenerateResult> {
    while (!this.finished) {
      const step = await this.next()
      if (step.done && !this.finished) throw new ForetokenError('runtime', 'The generation ended without a result.')
    }
    return this.finished
  }

  /** Others may wait for the prompt, so its reading waits for nobody. */
  private async readPrompt(): Promise<void> {
    try {
      for (;;) {
        const step = this.pull()
        this.ahead.push(step)
        const { value } = await step
        if (value?.type !== 'prompt') break
      }
    } catch {
      // Whoever reads on is told.
    } finally {
      this.init.lease.promptRead()
    }
  }

  private async next(): Promise<Step> {
    const step = this.ahead.shift()
    if (step) return step
    if (this.failure) throw this.failure.error
    return this.pull()
  }

  private async pull(): Promise<Step> {
    const started = performance.now()
    try {
      const step = await this.events.next()
      if (step.done && this.failure) throw this.failure.error
      this.sinceToken += performance.now() - started
      if (step.value?.type === 'token') this.countToken()
      if (step.value?.type === 'finish') {
        const { result } = step.value
        this.finished = result
        await this.end(result.finishReason)
      }
      return step
    } catch (error) {
      await this.end(this.stop.signal.aborted ? 'aborted' : 'failed', error)
      throw this.failure?.error ?? error
    }
  }

  private countToken(): void {
    const first = this.said++ === 0
    this.init.observer?.token(first, first ? performance.now() - this.init.cameAt : this.sinceToken)
    this.sinceToken = 0
  }

  private end(outcome: Outcome, error?: unknown): Promise<void> {
    if (!this.ending && !this.finished) this.failure = { error }
    return (this.ending ??= this.close(outcome))
  }

  private async close(outcome: Outcome): Promise<void> {
    const { options, drafting, lease, leave, observer } = this.init
    options.signal?.removeEventListener('abort', this.abort)
    if (outcome === 'aborted') {
      this.stop.abort(this.failure?.error)
      await this.events.return?.().catch(() => {})
    }
    // A sequence that cannot be put away is the model's to free.
    await lease.release(outcome === 'failed').catch(() => {})
    leave()
    const { tokens, decodeMs, report } = this.tally
    observer?.ended({ strategy: drafting.name, outcome, tokens, decodeMs, length: report?.() })
  }
}
