import type { MiddlewareHandler } from 'hono'
import { pino, type DestinationStream, type Logger } from 'pino'
import type { Env } from './env.js'

/** Lines of JSON. */
export function createLogger(destination: DestinationStream): Logger {
  return pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination)
}

/** What is asked so often that nobody wants to read of it. */
const quiet = new Set(['/health', '/ready', '/metrics'])

/** A line for each request, when it is over: what was asked and what became of it, without a word of the text. */
export function logRequests(logger: Logger): MiddlewareHandler<Env> {
  return async (c, next) => {
    const started = performance.now()
    const { method, path } = c.req
    const write = (aborted: boolean): void => {
      const { error, ...facts } = c.get('record')
      const line = {
        id: c.get('requestId'),
        method,
        path,
        status: c.res.status,
        ms: Math.round(performance.now() - started),
        ...facts,
        ...(aborted && { aborted }),
      }
      if (error !== undefined && !aborted) logger.error({ ...line, err: error }, 'request')
      else if (quiet.has(path)) logger.debug(line, 'request')
      else logger.info(line, 'request')
    }
    const outgoing = c.env?.outgoing
    outgoing?.once('close', () => write(!outgoing.writableFinished))
    await next()
    // Without a socket nobody can tell when the last word was read.
    if (!outgoing) write(false)
  }
}
