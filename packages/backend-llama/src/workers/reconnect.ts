import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { ForetokenError } from '@foretoken/core'
import type { Link } from '../remote/link.js'
import type { Connection } from '../remote/model.js'
import { isFinal, type WorkerClient } from './client.js'
import type { SpreadProcess } from './process.js'
import { watchWorkers } from './watch.js'

/** For how long a worker that was lost is waited for, in milliseconds, and how often it is looked for. */
const patienceMs = 60_000
const pauseMs = 500
/** Processes that end without a single pass in between: then it is not the wire. */
const mostInARow = 3

export interface ReconnectOptions {
  readonly workers: readonly WorkerClient[]
  /** What each worker is claimed for: bytes, by its place in the list. */
  readonly bytes: readonly number[]
  readonly release: string
  readonly model: string
  /** Starts a process. `onLink` must be called with it at once. */
  readonly start: (again: boolean, onLink: (link: Link) => void) => Promise<SpreadProcess>
  readonly onWarning: (message: string) => void
}

/** Keeps a process that holds a spread model: claims the workers, watches them, and begins anew when one is lost. */
export class Reconnecting implements Connection {
  private readonly options: ReconnectOptions
  /** The same for all processes of one model: a worker gives way to its own client at once. */
  private readonly owner = randomUUID()
  private current: Promise<SpreadProcess> | undefined
  private failures = 0
  private lostAt: number | undefined
  private again = 0
  private stopWatching = (): void => {}
  private closed = false

  constructor(options: ReconnectOptions) {
    this.options = options
  }

  /** The first process. What goes wrong is not tried again: somebody is there to be told. */
  async open(): Promise<SpreadProcess> {
    try {
      await this.claimAll()
      return await (this.current = this.start(false))
    } catch (error) {
      await this.close()
      throw error
    }
  }

  async link(): Promise<Link> {
    const process = this.current!
    const { link } = await process
    if (!link.lost) return link
    // Of several sequences that learn of it at once, one begins anew, and the others wait for the same process.
    return process === this.current ? (await this.restart()).link : this.link()
  }

  works(): void {
    this.failures = 0
    if (this.lostAt === undefined) return
    const seconds = ((performance.now() - this.lostAt) / 1000).toFixed(1)
    this.lostAt = undefined
    this.options.onWarning(
      `The workers are back after ${seconds} s; ${this.again} tokens were computed again. Nothing was lost.`,
    )
    this.again = 0
  }

  replayed(tokens: number): void {
    this.again += tokens
  }

  async close(): Promise<void> {
    this.closed = true
    this.stopWatching()
    const last = await this.current?.catch(() => undefined)
    last?.link.kill('the model was disposed')
    await Promise.all(this.options.workers.map((worker) => worker.release(this.owner)))
  }

  /** Those that wait for it wait for the same one. */
  private async restart(): Promise<SpreadProcess> {
    const before = this.current
    const next = this.tryAgain()
    this.current = next
    // A later caller tries anew, from the process that was lost.
    next.catch(() => (this.current = before))
    return next
  }

  private async tryAgain(): Promise<SpreadProcess> {
    const started = performance.now()
    this.lostAt ??= started
    if (++this.failures > mostInARow) {
      this.failures = 0
      throw new ForetokenError(
        'worker-lost',
        `The process of the spread model ended ${mostInARow} times in a row. Look at what the workers say; then try again.`,
      )
    }
    for (;;) {
      try {
        await this.claimAll()
        return await this.start(true)
      } catch (error) {
        const over = this.closed || isFinal(error) || performance.now() - started > patienceMs
        if (over) throw error
        await sleep(pauseMs)
      }
    }
  }

  private async claimAll(): Promise<void> {
    const { workers, bytes, release, model } = this.options
    const claims = workers.map((worker, i) => worker.claim({ owner: this.owner, release, model, bytes: bytes[i]! }))
    for (const claim of await Promise.allSettled(claims)) if (claim.status === 'rejected') throw claim.reason
  }

  private start(again: boolean): Promise<SpreadProcess> {
    this.stopWatching()
    return this.options.start(again, (link) => {
      this.stopWatching = watchWorkers(this.options.workers, this.owner, (reason) => link.kill(reason))
      link.onLost = (reason) => {
        this.stopWatching()
        if (this.closed) return
        this.lostAt ??= performance.now()
        if (!again || this.failures === 0)
          this.options.onWarning(`A worker was lost (${reason}). Trying to reach it again.`)
      }
    })
  }
}
