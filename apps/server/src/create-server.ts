import { createServer as createHttpServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { ForetokenError } from '@foretoken/core'
import type { Hono } from 'hono'
import { createApp } from './http/app.js'
import type { Env } from './http/env.js'
import { badRequest, toApiError } from './http/errors.js'
import type { ServerOptions } from './http/options.js'
import { Works } from './http/work.js'

export interface ListenOptions {
  /** 0 for any that is free. */
  readonly port: number
  /** Default: this machine alone. */
  readonly host?: string | undefined
}

export interface ForetokenServer {
  /** The routes, to be mounted in a server of one's own. */
  readonly app: Hono<Env>
  /** @returns Where it listens. @throws `runtime` when the address cannot be had. */
  listen(options: ListenOptions): Promise<{ readonly port: number; readonly url: string }>
  /**
   * Takes no new requests, and resolves when those under way are answered. What is not after `drainMs` (default 30 seconds)
   * is aborted. The engine is left as it is.
   */
  close(options?: { readonly drainMs?: number }): Promise<void>
}

/** Serves an engine to OpenAI's clients. */
export function createServer(options: ServerOptions): ForetokenServer {
  const works = new Works()
  const app = createApp(options, works)
  let server: Server | undefined
  return {
    app,
    async listen({ port, host = '127.0.0.1' }) {
      server = createHttpServer(
        getRequestListener(app.fetch, {
          // Embedders may have patched them themselves.
          overrideGlobalObjects: false,
          errorHandler: (error) => {
            const { status, body } =
              error instanceof Error && error.name === 'RequestError' ? malformed : toApiError(error)
            return Response.json(body, { status })
          },
        }),
      )
      const bound = await listening(server, port, host)
      const shown = host.includes(':') ? `[${host}]` : host
      return { port: bound, url: `http://${shown}:${bound}` }
    },
    async close({ drainMs = 30_000 } = {}) {
      const closed = server && new Promise<void>((resolve) => server!.close(() => resolve()))
      await works.drain(drainMs)
      if (!server) return
      const idle = setInterval(() => server!.closeIdleConnections(), 20)
      const busy = setTimeout(() => server!.closeAllConnections(), lastWordsMs)
      await closed
      clearInterval(idle)
      clearTimeout(busy)
    },
  }
}

/** Answers are complete before they are read: so long may that take. What is left then does not read, or never asked. */
const lastWordsMs = 2_000

const malformed = badRequest('The request is no proper HTTP.')

function listening(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `The server cannot listen on ${host}:${port} (${cause.message}): choose another port or host.`
      reject(new ForetokenError('runtime', message, { cause }))
    })
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })
}
