import type { Context } from 'hono'
import { ApiError, badRequest } from './errors.js'

/**
 * The request's body, as JSON.
 *
 * Only bodies that are called JSON: browsers ask before they send such a one across origins, and send others unasked.
 *
 * @param limit In bytes. What is longer is refused.
 */
export async function readJson(c: Context, limit: number): Promise<unknown> {
  const type = c.req.header('content-type') ?? ''
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new ApiError(`The body must be JSON: send it with Content-Type: application/json.`, { status: 415 })
  }
  const text = await readText(c, limit)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw badRequest(`The body is not valid JSON: ${(cause as Error).message}.`)
  }
}

/**
 * What is too large is still read as far as this, and dropped: many clients send all they have before they look for an
 * answer, and take a connection that closes meanwhile for a failure.
 */
const patience = 64 * 2 ** 20

async function readText(c: Context, limit: number): Promise<string> {
  if (Number(c.req.header('content-length') ?? 0) > Math.max(limit, patience)) throw tooLarge(limit)
  let chunks: Uint8Array[] = []
  let size = 0
  const reader = c.req.raw.body?.getReader()
  for (;;) {
    const step = await reader?.read()
    if (!step || step.done) break
    size += step.value.byteLength
    if (size <= limit) chunks.push(step.value)
    else chunks = []
    if (size > Math.max(limit, patience)) break
  }
  if (size > limit) throw tooLarge(limit)
  return Buffer.concat(chunks).toString('utf8')
}

function tooLarge(limit: number): ApiError {
  return new ApiError(`The body is larger than the ${limit} bytes that this server takes.`, {
    status: 413,
    code: 'request_too_large',
  })
}
