import { ForetokenError } from '@foretoken/core'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

/** The body of every answer that is none, as OpenAI has it. */
export interface ErrorBody {
  readonly error: {
    readonly message: string
    readonly type: string
    readonly param: string | null
    readonly code: string | null
  }
}

interface Details {
  readonly status: ContentfulStatusCode
  readonly code?: string
  /** The field that is wrong: `messages[0].content`. */
  readonly param?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  readonly cause?: unknown
}

/** What a client is told went wrong. */
export class ApiError extends Error {
  readonly status: ContentfulStatusCode
  readonly headers: Readonly<Record<string, string>>
  private readonly code: string | null
  private readonly param: string | null

  constructor(message: string, { status, code, param, headers, cause }: Details) {
    super(message, { cause })
    this.status = status
    this.code = code ?? null
    this.param = param ?? null
    this.headers = headers ?? {}
  }

  get body(): ErrorBody {
    const { message, param, code } = this
    return { error: { message, type: typeOf(this.status), param, code } }
  }
}

/** A request that is wrong. */
export function badRequest(message: string, param?: string, code?: string): ApiError {
  return new ApiError(message, { status: 400, param, ...(code !== undefined && { code }) })
}

/** The server is not there yet, or not any more. */
export function unavailable(message: string): ApiError {
  return new ApiError(message, { status: 503, code: 'unavailable', headers: { 'retry-after': '5' } })
}

/** Nobody is there to read it; the log does. */
export function clientGone(): ApiError {
  return new ApiError('The client has gone.', { status: 499 as ContentfulStatusCode })
}

export const drainingMessage = 'The server is about to stop and takes no new requests: ask another one.'

/** What to tell of an error, whatever it is: the caller's faults in full, ours without what is inside. */
export function toApiError(error: unknown, draining = false): ApiError {
  if (error instanceof ApiError) return error
  if (!ForetokenError.is(error)) return failure('The server had an error.', error)
  switch (error.code) {
    case 'invalid-argument':
      return badRequest(error.message)
    case 'unsupported':
      return badRequest(error.message, undefined, 'unsupported')
    case 'context-overflow':
      return badRequest(error.message, undefined, 'context_length_exceeded')
    case 'disposed':
      return unavailable(drainingMessage)
    case 'busy':
      return draining ? unavailable(drainingMessage) : tooMany(error)
    default:
      return failure('The model could not be run.', error)
  }
}

function tooMany(error: ForetokenError): ApiError {
  const seconds = Math.max(1, Math.ceil(error.retryAfter ?? 1))
  return new ApiError(`The server is busy: try again in ${seconds} s.`, {
    status: 429,
    code: 'rate_limit_exceeded',
    headers: { 'retry-after': String(seconds) },
    cause: error,
  })
}

function failure(what: string, cause: unknown): ApiError {
  const message = `${what} Try again; the server's log says more under the id of this request.`
  return new ApiError(message, { status: 500, code: 'internal_error', cause })
}

function typeOf(status: number): string {
  if (status === 429) return 'rate_limit_error'
  return status >= 500 ? 'server_error' : 'invalid_request_error'
}
