import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { HTTPException } from 'hono/http-exception'
import { requestId } from 'hono/request-id'
import { chatJob } from '../openai/chat/job.js'
import { completionJob } from '../openai/completions/job.js'
import type { Env } from './env.js'
import { ApiError, toApiError, unavailable } from './errors.js'
import { generations } from './generations.js'
import { requireKey } from './keys.js'
import { logRequests } from './log.js'
import { Loading } from './model.js'
import { openApi } from './openapi.js'
import type { ServerOptions } from './options.js'
import type { Works } from './work.js'

const mebibyte = 2 ** 20
const minuteMs = 60_000

/** The routes. */
export function createApp(options: ServerOptions, works: Works): Hono<Env> {
  const { keys = [], logger, metrics, playground } = options
  const model = new Loading(options.engine)
  const app = new Hono<Env>()

  app.use(requestId())
  app.use(async (c, next) => {
    c.set('record', {})
    await next()
  })
  if (logger) app.use(logRequests(logger))
  if (options.cors?.length) app.use(crossOrigin(options.cors))
  app.onError((error, c) => {
    const failure = error instanceof HTTPException ? new ApiError(error.message, error) : toApiError(error)
    if (failure.status === 500) c.get('record').error ??= error
    return c.json(failure.body, failure.status, failure.headers)
  })

  app.get('/health', (c) => c.json({ status: 'ok' }))
  app.get('/ready', (c) => {
    if (works.draining) throw unavailable('The server is about to stop.')
    if (model.now().state.draining) throw unavailable('The model is about to stop.')
    return c.json({ status: 'ready' })
  })
  app.get('/openapi.json', (c) => c.json(openApi(keys.length > 0)))

  if (keys.length > 0) {
    const guard = requireKey(keys)
    app.use('/v1/*', guard)
    app.use('/metrics', guard)
  }
  if (metrics) {
    app.get('/metrics', async (c) => c.body(await metrics.metrics(), 200, { 'content-type': metrics.contentType }))
  }
  app.get('/v1/models', (c) => c.json({ object: 'list', data: [describe(model)] }))
  // Names of models may have slashes in them.
  app.get('/v1/models/:id{.+}', (c) => {
    model.named(c.req.param('id'))
    return c.json(describe(model))
  })
  const common = {
    model,
    works,
    bodyLimit: options.bodyLimit ?? 4 * mebibyte,
    maxTokens: options.maxTokens,
    timeoutMs: options.timeoutMs ?? 10 * minuteMs,
    heartbeatMs: options.heartbeatMs ?? 10_000,
    logPrompts: options.logPrompts ?? false,
  }
  app.post('/v1/chat/completions', generations(chatJob, common))
  app.post('/v1/completions', generations(completionJob, common))

  if (playground) app.get('*', playground)
  app.all('*', (c) => {
    const { method, path } = c.req
    const known = app.routes.filter((route) => route.path === path && route.method !== 'ALL')
    if (known.length === 0) throw new ApiError(`There is nothing at ${method} ${path}.`, { status: 404 })
    const allow = known.map((route) => route.method).join(', ')
    throw new ApiError(`${path} takes ${allow}, not ${method}.`, { status: 405, headers: { allow } })
  })
  return app
}

function describe(model: Loading): object {
  const { id, created, target, strategies, state } = model.now()
  return {
    id,
    object: 'model',
    created,
    owned_by: 'foretoken',
    foretoken: {
      description: target.description,
      context_length: target.contextLength,
      strategies,
      parallel: state.parallel,
    },
  }
}

function crossOrigin(origins: readonly string[]) {
  return cors({
    origin: origins.includes('*') ? '*' : [...origins],
    exposeHeaders: ['x-request-id', 'retry-after'],
    maxAge: 600,
  })
}
