import type { Worker } from 'node:worker_threads'
import { ForetokenError } from '@foretoken/core'
import type { Call, Reply, Request, Results } from './messages.js'
import { startWorker } from './start-worker.js'

interface Pending {
  readonly resolve: (value: never) => void
  readonly reject: (reason: ForetokenError) => void
}

/** The main thread's end of the worker. */
export class Host {
  /** How many models hold on to it. */
  private users = 0
  private readonly worker: Worker
  private readonly pending = new Map<number, Pending>()
  private calls = 0
  private death: ForetokenError | undefined

  private constructor() {
    this.worker = startWorker()
    this.worker.on('message', (reply: Reply) => this.settle(reply))
    this.worker.on('error', (error) => this.die(error))
    this.worker.on('exit', () => this.die())
    this.worker.unref()
  }

  /** The one worker of this process, started when there is none. Each user must {@link release} it. */
  static acquire(): Host {
    if (shared === undefined || shared.death !== undefined) shared = new Host()
    shared.users++
    return shared
  }

  /** Ends the worker when nobody else uses it. */
  async release(): Promise<void> {
    if (--this.users > 0) return
    if (shared === this) shared = undefined
    await this.kill()
  }

  /** Ends the worker now. */
  async kill(): Promise<void> {
    await this.worker.terminate()
  }

  /**
   * Sends a request; requests are handled in the order in which they were sent.
   *
   * @throws `runtime` when the worker is no more, or what the worker threw.
   */
  call<Op extends Request['op']>(request: Extract<Request, { op: Op }>): Promise<Results[Op]> {
    if (this.death !== undefined) return Promise.reject(this.death)
    return new Promise((resolve, reject) => {
      const id = ++this.calls
      // A process that waits for a pass stays; one that only has a model loaded may end.
      if (this.pending.size === 0) this.worker.ref()
      this.pending.set(id, { resolve, reject })
      this.worker.postMessage({ id, request } satisfies Call, [])
    })
  }

  private settle(reply: Reply): void {
    const { resolve, reject } = this.pending.get(reply.id)!
    this.pending.delete(reply.id)
    if (this.pending.size === 0) this.worker.unref()
    if ('error' in reply) reject(new ForetokenError(reply.error.code, reply.error.message))
    else resolve(reply.value as never)
  }

  private die(cause?: unknown): void {
    const why = cause instanceof Error ? `: ${cause.message}` : '.'
    this.death ??= new ForetokenError(
      'runtime',
      `The thread that runs the ONNX models has ended${why} Dispose the models and load them again.`,
      { cause },
    )
    for (const { reject } of this.pending.values()) reject(this.death)
    this.pending.clear()
  }
}

let shared: Host | undefined
