import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { ApiError } from './errors.js'

/** The keys in a text: one a line, or several between commas; what follows a `#` at the start of a line is a comment. */
export function parseKeys(text: string): string[] {
  const lines = text.split(/\r?\n/).filter((line) => !line.trimStart().startsWith('#'))
  return lines
    .flatMap((line) => line.split(','))
    .map((key) => key.trim())
    .filter((key) => key !== '')
}

/** Lets through who brings one of the keys as a bearer token. */
export function requireKey(keys: readonly string[]): MiddlewareHandler {
  // Hashed under a secret of this process, all are as long as each other, and the time to compare tells nothing.
  const secret = randomBytes(32)
  const hash = (key: string): Buffer => createHmac('sha256', secret).update(key).digest()
  const known = keys.map(hash)
  return async (c, next) => {
    const token = /^Bearer +(.+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
    if (token === undefined) {
      throw refused('There is no API key: send one in the header Authorization, as Bearer <key>.')
    }
    const given = hash(token.trim())
    let found = false
    for (const key of known) found = timingSafeEqual(key, given) || found
    if (!found) throw refused('The API key is not one that this server knows.')
    await next()
  }
}

function refused(message: string): ApiError {
  return new ApiError(message, {
    status: 401,
    code: 'invalid_api_key',
    headers: { 'www-authenticate': 'Bearer' },
  })
}
