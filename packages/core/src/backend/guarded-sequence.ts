import { ForetokenError } from '../errors.js'
import type { LogitsRows, Outputs, Sequence, TokenId } from '../model.js'
import { checkForward, checkLength, inUse } from './checks.js'

/**
 * What sequences of all backends have in common: they know what they hold, look at their arguments, and let nobody in while
 * a call is under way or when they are disposed. A backend adds what computes.
 */
export abstract class GuardedSequence implements Sequence {
  /** The tokens that count. `run` and `rollBack` keep it. */
  protected readonly held: TokenId[] = []
  /** The call that is under way. */
  protected running: Promise<unknown> | undefined
  /** What every later call throws. */
  protected disposed: ForetokenError | undefined
  private readonly limits: { readonly vocabSize: number; readonly contextLength: number }

  protected constructor(limits: { readonly vocabSize: number; readonly contextLength: number }) {
    this.limits = limits
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
    // Not `async`: the turns that this would take are as long as a pass of a small draft model needs to begin.
    try {
      this.mayRun('forward()')
      const outputs = checkForward(tokens, options.outputs, this.held.length, this.limits)
      options.signal?.throwIfAborted()
      return this.alone(this.run(tokens, outputs, options.signal))
    } catch (error) {
      return Promise.reject(error as Error)
    }
  }

  async truncate(length: number): Promise<void> {
    this.mayRun('truncate()')
    checkLength(length, this.held.length)
    if (length !== this.held.length) await this.alone(this.rollBack(length))
  }

  /** Frees what the backend holds of it; waits for the pass in flight where it must. Called once. */
  protected abstract free(): Promise<void>

  /**
   * Computes `tokens` behind what is held, and adds those that were computed to `held`, also when it rejects.
   *
   * @param tokens The caller's list: it may change at the next turn.
   * @param outputs How many of the last ones give a row.
   */
  protected abstract run(
    tokens: readonly TokenId[],
    outputs: number,
    signal: AbortSignal | undefined,
  ): Promise<LogitsRows>

  /** Goes back to fewer tokens than are held. */
  protected abstract rollBack(length: number): Promise<void>

  async dispose(): Promise<void> {
    await this.end(new ForetokenError('disposed', 'The sequence was disposed. Create another one.'))
  }

  /** Disposes it; later calls throw `reason`. */
  async end(reason: ForetokenError): Promise<void> {
    if (this.disposed !== undefined) return
    this.disposed = reason
    await this.free()
  }

  /** Makes every later call fail. For the model, which frees what sequences hold itself. */
  abandon(reason: ForetokenError): void {
    this.disposed ??= reason
  }

  /** Lets no other call in until `running` is settled; the caller learns of that afterwards, and may call again at once. */
  protected alone<Result>(running: Promise<Result>): Promise<Result> {
    this.running = running
    return running.finally(() => {
      this.running = undefined
    })
  }

  /** @throws what `disposed` holds, `invalid-argument` while another call is under way. */
  protected mayRun(what: string): void {
    if (this.disposed !== undefined) throw this.disposed
    if (this.running !== undefined) throw inUse(what)
  }
}
