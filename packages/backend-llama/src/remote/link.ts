import type { ChildProcess } from 'node:child_process'
import { ForetokenError } from '@foretoken/core'
import type { Call, Passed, Reply, Request } from './messages.js'

/** The other process is no more. Its message says why. */
export class LinkLost extends Error {
  override readonly name = 'LinkLost'
}

/** What the process said instead of an answer. */
export class Refused extends ForetokenError {
  /** How many tokens the sequence holds there now. */
  readonly held: number | undefined

  constructor({ error, held }: Extract<Reply, { error: unknown }>) {
    super(error.code, error.message)
    this.held = held
  }
}

interface Pending {
  readonly resolve: (value: Passed | undefined) => void
  readonly reject: (reason: Error) => void
}

/** This end of a process that serves a model. */
export class Link {
  private readonly child: ChildProcess
  private readonly pending = new Map<number, Pending>()
  private calls = 0
  private death: LinkLost | undefined
  /** Told once, when the process is no more. */
  onLost: ((reason: string) => void) | undefined

  /** @param words The last that the process said. */
  constructor(child: ChildProcess, words: () => string) {
    this.child = child
    child.on('message', (reply: Reply) => this.settle(reply))
    child.on('exit', (code, signal) => this.die(words() || `it ended with ${signal ?? `code ${code}`}`))
    child.on('error', (error) => this.die(error.message))
    this.release()
  }

  get lost(): boolean {
    return this.death !== undefined
  }

  /** @throws {@link LinkLost}, {@link Refused}, or the signal's reason, once the other process has let go. */
  call(request: Request, { signal, deadlineMs }: CallOptions = {}): Promise<Passed | undefined> {
    if (this.death !== undefined) return Promise.reject(this.death)
    const id = ++this.calls
    const abort = (): void => this.send({ id: 0, request: { op: 'abort', aborted: id } })
    signal?.addEventListener('abort', abort)
    const timer =
      deadlineMs === undefined
        ? undefined
        : setTimeout(() => this.kill(`a pass took more than ${Math.round(deadlineMs / 1000)} s`), deadlineMs)
    const answer = new Promise<Passed | undefined>((resolve, reject) => {
      // A process that waits for a pass stays; one that only has a model loaded may end.
      if (this.pending.size === 0) this.hold()
      this.pending.set(id, { resolve, reject })
      this.send({ id, request })
    })
    return answer.finally(() => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    })
  }

  /** Ends the process. Calls under way, and later ones, reject with `reason`. */
  kill(reason: string): void {
    this.die(reason)
    this.child.kill('SIGKILL')
  }

  private send(call: Call): void {
    // Where it cannot be sent, the process has ended, and `exit` will say so.
    if (this.child.connected) this.child.send(call, () => {})
  }

  private settle(reply: Reply): void {
    const pending = this.pending.get(reply.id)
    if (pending === undefined) return
    this.pending.delete(reply.id)
    if (this.pending.size === 0) this.release()
    if ('error' in reply) pending.reject(new Refused(reply))
    else pending.resolve(reply.value)
  }

  private die(reason: string): void {
    if (this.death !== undefined) return
    this.death = new LinkLost(reason)
    for (const { reject } of this.pending.values()) reject(this.death)
    this.pending.clear()
    this.release()
    this.onLost?.(reason)
  }

  private hold(): void {
    this.child.ref()
    this.child.channel?.ref()
  }

  private release(): void {
    this.child.unref()
    this.child.channel?.unref()
  }
}

interface CallOptions {
  readonly signal?: AbortSignal | undefined
  /** After so long the other process is taken to hang, and is ended. */
  readonly deadlineMs?: number | undefined
}
