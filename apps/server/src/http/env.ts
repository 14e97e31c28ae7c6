import type { HttpBindings } from '@hono/node-server'

/** What the log tells of a request, besides what was asked: filled in as it becomes known. */
export interface RequestRecord {
  promptTokens?: number
  cachedTokens?: number
  tokens?: number
  /** Only where prompts are to be logged. */
  prompt?: unknown
  /** What failed, when it was not the client's fault. */
  error?: unknown
}

/** What the routes find in hono's context. */
export interface Env {
  /** Empty where there is no socket: in tests, and in servers of other kinds. */
  Bindings: Partial<HttpBindings>
  Variables: { requestId: string; record: RequestRecord }
}
