import type { Context } from './context.js'
import { Passing } from './persist.js'
import { refusal } from './refusal.js'

/** An answer, and what the Hub itself said about the file before it sent us elsewhere for it. */
export interface Answer {
  readonly response: Response
  readonly hub: Headers
  /** To be called when something has come: else the connection is given up. */
  readonly alive: () => void
  readonly close: () => void
}

const mostRedirects = 10

/**
 * One request, redirects followed by hand: the token goes to the endpoint alone, never to where it sends us.
 *
 * @throws {@link Passing} for what may go better the next time, a `ForetokenError` for what will not.
 */
export async function request(
  { settings, signal, patience }: Context,
  address: string,
  wanted: Headers = new Headers(),
): Promise<Answer> {
  const silent = new AbortController()
  const timer = setTimeout(() => silent.abort(), patience.silence)
  const close = (): void => {
    clearTimeout(timer)
    silent.abort()
  }
  const both = signal ? AbortSignal.any([signal, silent.signal]) : silent.signal
  const home = new URL(settings.endpoint)
  let url = new URL(address)
  let hub = new Headers()
  try {
    for (let hops = 0; hops <= mostRedirects; hops++) {
      const headers = new Headers(wanted)
      // Ranges are of the file, not of what a server packs it into.
      headers.set('accept-encoding', 'identity')
      headers.set('user-agent', 'foretoken')
      if (settings.token !== undefined && url.origin === home.origin) {
        headers.set('authorization', `Bearer ${settings.token}`)
      }
      const response = await fetch(url, { headers, signal: both, redirect: 'manual' })
      if (url.origin === home.origin) hub = response.headers
      const location = response.headers.get('location')
      if (response.status >= 300 && response.status < 400 && location !== null) {
        await response.body?.cancel()
        const next = new URL(location, url)
        if (home.protocol === 'https:' && next.protocol !== 'https:') {
          throw new Passing(`${url.host} sends us on to an address that is not encrypted, ${next.origin}`)
        }
        url = next
        continue
      }
      if (!response.ok) throw await refusal(response, { settings, url })
      return { response, hub, alive: () => timer.refresh(), close }
    }
    throw new Passing(`${home.host} sends us on and on`)
  } catch (error) {
    close()
    signal?.throwIfAborted()
    throw passing(error, url, patience.silence)
  }
}

/** An error of a connection, as one that may pass. Others stay what they are. */
export function passing(error: unknown, { host }: { readonly host: string }, silence: number, gained = false): unknown {
  if (!(error instanceof Error) || error instanceof Passing) return error
  if (error.name === 'AbortError') return new Passing(`nothing came from ${host} for ${silence / 1000} s`, gained)
  // What fetch throws says nothing by itself: `fetch failed`, `terminated`.
  if (!(error instanceof TypeError)) return error
  const cause = error.cause as (Error & { code?: string }) | undefined
  const why = cause ? (cause.code ?? cause.message) : error.message
  const broken = error.message === 'terminated' || why === 'UND_ERR_SOCKET' || why === 'ECONNRESET'
  return new Passing(
    broken ? `the connection to ${host} was cut (${why})` : `${host} cannot be reached (${why})`,
    gained,
    undefined,
    // No network at all, or a name that is none.
    why === 'ENOTFOUND' || why === 'EAI_AGAIN',
  )
}
