import { ForetokenError } from '@foretoken/core'

interface Waiting {
  readonly admit: () => void
}

/** Lets so many in at a time, and the others in the order in which they came. */
export class Admission {
  active = 0
  draining = false
  private readonly line: Waiting[] = []
  /** Milliseconds for which a turn is held, usually. */
  private usual: number | undefined
  private readonly ended: (() => void)[] = []

  constructor(
    readonly parallel: number,
    private readonly queue: number,
  ) {}

  get waiting(): number {
    return this.line.length
  }

  /**
   * Waits for a turn.
   *
   * @returns What ends the turn. Calling it again does nothing.
   * @throws `busy`; the signal's reason.
   */
  async enter(signal: AbortSignal | undefined): Promise<() => void> {
    signal?.throwIfAborted()
    if (this.draining) throw new ForetokenError('busy', 'The server is about to end: ask another one, or later.')
    if (this.active < this.parallel && this.line.length === 0) this.active++
    else if (this.line.length < this.queue) await this.wait(signal)
    else throw this.full()
    return this.turn()
  }

  /** Lets nobody in any more who is not waiting already. Resolves when all are gone. */
  drain(): Promise<void> {
    this.draining = true
    return new Promise((resolve) => {
      this.ended.push(resolve)
      this.tellEnd()
    })
  }

  private wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.line.splice(this.line.indexOf(waiting), 1)
        reject(signal?.reason)
        this.tellEnd()
      }
      const waiting = {
        admit() {
          signal?.removeEventListener('abort', leave)
          resolve()
        },
      }
      this.line.push(waiting)
      signal?.addEventListener('abort', leave, { once: true })
    })
  }

  private turn(): () => void {
    const began = performance.now()
    let over = false
    return () => {
      if (over) return
      over = true
      const ms = performance.now() - began
      this.usual = this.usual === undefined ? ms : this.usual + 0.2 * (ms - this.usual)
      const next = this.line.shift()
      // The turn is handed on, so that nobody who comes now gets in between.
      if (next) next.admit()
      else this.active--
      this.tellEnd()
    }
  }

  private tellEnd(): void {
    if (this.draining && this.active === 0 && this.line.length === 0) for (const tell of this.ended.splice(0)) tell()
  }

  private full(): ForetokenError {
    const everyMs = (this.usual ?? 0) / this.parallel
    const retryAfter = Math.min(60, Math.max(1, Math.ceil((everyMs * (this.line.length + 1)) / 1000)))
    return new ForetokenError(
      'busy',
      `${this.active} requests are under way and ${this.line.length} wait, which is all there is room for: ask again in ${retryAfter} s.`,
      { retryAfter },
    )
  }
}
