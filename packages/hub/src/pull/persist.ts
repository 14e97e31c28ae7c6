import { setTimeout as sleep } from 'node:timers/promises'
import { ForetokenError } from '@foretoken/core'
import type { Context } from './context.js'

/** What may go better the next time. */
export class Passing extends Error {
  constructor(
    message: string,
    /** Whether this try brought something: then the tries are counted from the start. */
    readonly gained = false,
    /** What the server asks for, in milliseconds. */
    readonly pause?: number,
    /** Whether it goes better after a while or not at all: it is tried once more. */
    readonly unlikely = false,
  ) {
    super(message)
  }
}

/** The longest that a server may ask us to wait, in milliseconds. */
const longestPause = 120_000

/**
 * Tries until it works, fails for good, or too many tries in a row have brought nothing.
 *
 * @throws `runtime` after the last try, the signal's reason, or what `attempt` throws besides {@link Passing}.
 */
export async function persist<T>(
  { patience: { pauses }, signal, say }: Context,
  what: string,
  attempt: () => Promise<T>,
): Promise<T> {
  let gained = false
  for (let failed = 0; ;) {
    signal?.throwIfAborted()
    try {
      return await attempt()
    } catch (error) {
      signal?.throwIfAborted()
      if (!(error instanceof Passing)) throw error
      gained ||= error.gained
      if (error.gained) failed = 0
      const pause = error.pause ?? pauses[failed]
      // Where something came before, there is a network, and it will be back.
      const tries = error.unlikely && !gained ? 1 : pauses.length
      failed++
      if (failed > tries || pause === undefined || pause > longestPause) {
        const often = failed === 1 ? '' : ` ${failed} times in a row`
        throw new ForetokenError(
          'runtime',
          `${what} failed${often}: ${error.message}. Check the network and try again: what has come is kept. ` +
            'HF_ENDPOINT names a mirror, HF_HUB_OFFLINE=1 takes what is in the cache.',
          { cause: error },
        )
      }
      say(`${what}: ${error.message}; trying again in ${pause / 1000} s (${failed} of ${tries})`)
      await sleep(pause, undefined, { ...(signal && { signal }) }).catch(() => signal?.throwIfAborted())
    }
  }
}
