import type { MiddlewareHandler } from 'hono'
import type { Logger } from 'pino'
import type { Engine } from '../engine/engine.js'

/** What `/metrics` shows: a registry of prom-client is one. */
export interface MetricsSource {
  readonly contentType: string
  metrics(): Promise<string>
}

export interface ServerOptions {
  /** What answers. It stays the caller's. While it is promised, the server lives but is not ready. */
  readonly engine: Engine | PromiseLike<Engine>
  /** API keys, any of which lets a client in. Default: none is asked for. */
  readonly keys?: readonly string[] | undefined
  /** Origins whose pages may ask, `*` for all. Default: none but the server's own. */
  readonly cors?: readonly string[] | undefined
  /** The longest body, in bytes. Default 4 MiB. */
  readonly bodyLimit?: number | undefined
  /** The most tokens that a choice may have. Default: as many as the context holds. */
  readonly maxTokens?: number | undefined
  /** How long an answer may take in all, in milliseconds, with the time in the queue. Default: ten minutes. */
  readonly timeoutMs?: number | undefined
  /** After so long without a word a stream says that it lives, in milliseconds. Default 10 seconds. */
  readonly heartbeatMs?: number | undefined
  /** Gets a line for each request. Default: nobody. */
  readonly logger?: Logger | undefined
  /** Whether those lines have the prompts in them. Default `false`. */
  readonly logPrompts?: boolean | undefined
  readonly metrics?: MetricsSource | undefined
  /** Answers what is no route: the page at `/`. */
  readonly playground?: MiddlewareHandler | undefined
}
