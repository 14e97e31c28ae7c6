import { setMaxListeners } from 'node:events'
import { ApiError, clientGone, drainingMessage, unavailable } from './errors.js'

/** A request that is being answered. */
export interface Work {
  /** Aborted when nobody waits for the answer any more, or it takes too long. Its reason is an {@link ApiError}. */
  readonly signal: AbortSignal
  abort(reason: ApiError): void
  /** The answer is complete, or will never be. */
  end(): void
}

export interface WorkOptions {
  /** The client's: aborted when it has gone. */
  readonly client: AbortSignal
  readonly timeoutMs: number
}

/** How long what was told to stop may take to do so: a round. */
const lastMs = 5_000

/** The requests that are being answered. */
export class Works {
  draining = false
  private readonly open = new Set<Work>()
  private idle: (() => void) | undefined

  /** @throws an {@link ApiError}, 503, while draining. */
  begin({ client, timeoutMs }: WorkOptions): Work {
    if (this.draining) throw unavailable(drainingMessage)
    const controller = new AbortController()
    // Each choice listens, and there may be 128.
    setMaxListeners(0, controller.signal)
    const abort = (reason: ApiError): void => controller.abort(reason)
    const gone = (): void => abort(clientGone())
    const late = (): void => abort(timedOut(timeoutMs))
    const timer = Number.isFinite(timeoutMs) ? setTimeout(late, timeoutMs) : undefined
    client.addEventListener('abort', gone)
    if (client.aborted) gone()
    const work: Work = {
      signal: controller.signal,
      abort,
      end: () => {
        clearTimeout(timer)
        client.removeEventListener('abort', gone)
        this.open.delete(work)
        if (this.open.size === 0) this.idle?.()
      },
    }
    this.open.add(work)
    return work
  }

  /** Takes nothing new, and resolves when all is answered; what is not after `ms` is aborted. */
  async drain(ms: number): Promise<void> {
    this.draining = true
    if (await this.idleWithin(ms)) return
    for (const work of this.open) work.abort(unavailable('The server stopped before the answer was complete.'))
    await this.idleWithin(lastMs)
  }

  private async idleWithin(ms: number): Promise<boolean> {
    if (this.open.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        this.idle = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    return this.open.size === 0
  }
}

function timedOut(ms: number): ApiError {
  const message = `The answer took longer than the ${ms / 1000} s that this server allows: ask for fewer tokens.`
  return new ApiError(message, { status: 504, code: 'timeout' })
}
