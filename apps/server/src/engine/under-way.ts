import type { ForetokenError } from '@foretoken/core'

/** Something under way: its caller's signal ends it, and so does the end of all. */
export interface Life {
  readonly signal: AbortSignal
  /** It is over. */
  end(): void
}

/** What is under way, to be ended in one go. */
export class UnderWay {
  private readonly lives = new Set<AbortController>()
  private ended: ForetokenError | undefined

  /** @throws the reason, once all has been ended. */
  begin(caller: AbortSignal | undefined): Life {
    if (this.ended) throw this.ended
    // Not AbortSignal.any: what follows a signal that lives as long as the engine must not stay with it.
    const life = new AbortController()
    const follow = (): void => life.abort(caller?.reason)
    caller?.addEventListener('abort', follow)
    if (caller?.aborted) follow()
    this.lives.add(life)
    return {
      signal: life.signal,
      end: () => {
        caller?.removeEventListener('abort', follow)
        this.lives.delete(life)
      },
    }
  }

  /** Ends all that is under way, and whatever begins from now on. */
  endAll(reason: ForetokenError): void {
    this.ended ??= reason
    for (const life of this.lives) life.abort(this.ended)
  }
}
