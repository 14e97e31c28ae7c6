import { ForetokenError } from '@foretoken/core'
import type { HubSettings } from '../settings.js'
import { Changed } from './changed.js'
import { Passing } from './persist.js'

/** What an answer that is none means, and what to do about it. */
export async function refusal(
  response: Response,
  { settings: { endpoint, token }, url }: { readonly settings: HubSettings; readonly url: URL },
): Promise<Error> {
  const { status, headers } = response
  await response.body?.cancel()
  const { host } = url
  const own = url.origin === new URL(endpoint).origin
  const repo = repoOf(url, endpoint)
  const page = `${endpoint}/${repo}`
  const said = headers.get('x-error-message')
  const reason = said === null ? '' : ` (${said.replace(/[.\s]+$/, '')})`
  const fail = (message: string): ForetokenError => new ForetokenError('model-file', message)

  if (status === 429 || status === 408 || status >= 500) {
    const what = status === 429 ? `${host} says that we ask too often (429)` : `${host} answered ${status}`
    return new Passing(what, false, pauseOf(headers.get('retry-after')))
  }
  // We never ask for what lies behind the end that the Hub has told us of.
  if (status === 416) return new Changed(`${url.pathname} is shorter than the Hub has listed`)
  // The address that the Hub gave us has run out: it gives us another.
  if (!own && (status === 401 || status === 403)) return new Passing(`${host} answered ${status}`)

  const gated = headers.get('x-error-code') === 'GatedRepo'
  if (gated) {
    return fail(
      `${repo} is given only to those who have accepted its terms${reason}. Accept them on ${page}, ` +
        `then ${token === undefined ? `set HF_TOKEN to a token of yours (${endpoint}/settings/tokens)` : 'try again; the token must be of the same account'}.`,
    )
  }
  if (status === 401 || (status === 404 && headers.get('x-error-code') === 'RepoNotFound')) {
    return fail(
      token === undefined
        ? `${host} has no public model ${repo} (${status}). Check the name; if it is private, set HF_TOKEN to a token that may read it.`
        : `${host} has no model ${repo} that HF_TOKEN may read (${status}). Check the name, and whether the token is valid and of an account with access.`,
    )
  }
  if (status === 403) {
    return fail(
      `${host} does not let this account read ${repo} (403)${reason}. Ask for access on ${page}, or use another token.`,
    )
  }
  if (status === 404) {
    const revision = headers.get('x-error-code') === 'RevisionNotFound'
    return fail(
      revision
        ? `${repo} has no such branch, tag or commit (${url.pathname.split('/').at(-1)}). See ${page}/tree/main for those it has.`
        : `${host} has no ${decodeURIComponent(url.pathname)} (404). Check the name on ${page}.`,
    )
  }
  return fail(
    `${host} answered ${status} to ${url.pathname}${reason}. Check the name, and HF_ENDPOINT if you have set it.`,
  )
}

function repoOf({ pathname }: URL, endpoint: string): string {
  const prefix = new URL(endpoint).pathname.replace(/\/$/, '')
  const path = pathname.startsWith(prefix) ? pathname.slice(prefix.length) : pathname
  const [owner, repo] = path.replace(/^\/(api\/models\/)?/, '').split('/')
  return `${owner}/${repo}`
}

/** Seconds, or a date; in milliseconds. */
function pauseOf(retryAfter: string | null): number | undefined {
  if (retryAfter === null) return undefined
  const pause = /^\d+$/.test(retryAfter) ? 1000 * Number(retryAfter) : Date.parse(retryAfter) - Date.now()
  return Number.isFinite(pause) ? Math.max(0, pause) : undefined
}
