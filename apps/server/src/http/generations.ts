import type { Context } from 'hono'
import { z } from 'zod'
import type { Engine } from '../engine/engine.js'
import { Answering } from '../openai/answer.js'
import type { Limits } from '../openai/common.js'
import type { Job } from '../openai/job.js'
import { parse } from '../openai/parse.js'
import { readJson } from './body.js'
import type { Env } from './env.js'
import { clientGone, toApiError } from './errors.js'
import { dataFrame, eventStream } from './event-stream.js'
import type { Loading } from './model.js'
import type { Works } from './work.js'

/** Reads a body as one of the APIs has it. */
export type ReadJob = (body: unknown, engine: Engine, limits: Limits) => Job

export interface GenerationOptions {
  readonly model: Loading
  readonly works: Works
  readonly bodyLimit: number
  readonly maxTokens: number | undefined
  readonly timeoutMs: number
  readonly heartbeatMs: number
  readonly logPrompts: boolean
}

const naming = z.object({ model: z.string() })

/** Answers a request for text. */
export function generations(read: ReadJob, options: GenerationOptions) {
  const { model, works, bodyLimit, maxTokens, timeoutMs, heartbeatMs, logPrompts } = options
  return async (c: Context<Env>): Promise<Response> => {
    const work = works.begin({ client: c.req.raw.signal, timeoutMs })
    const record = c.get('record')
    /** What to tell of an error: why it was told to stop comes before what that led to. */
    const told = (error: unknown) => {
      const failure = toApiError(work.signal.aborted ? work.signal.reason : error, model.engine?.state.draining)
      if (failure.status === 500) record.error = error
      return failure
    }
    try {
      const body = await readJson(c, bodyLimit)
      const engine = model.named(parse(naming, body).model)
      const job = read(body, engine, { maxTokens })
      if (logPrompts) record.prompt = job.prompt
      const answering = new Answering(engine, job, work.signal, (usage) => {
        record.promptTokens = usage.prompt_tokens
        record.cachedTokens = usage.prompt_tokens_details.cached_tokens
        record.tokens = usage.completion_tokens
      })
      if (!job.stream) {
        const answer = await answering.whole()
        work.end()
        return c.json(answer)
      }
      const stream = await eventStream(answering.frames(), {
        heartbeatMs,
        onEnd: () => work.end(),
        onError: (error) => dataFrame(told(error).body),
        onCancel: () => work.abort(clientGone()),
      })
      return c.body(stream, 200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache',
        // Proxies that gather answers would take the point out of it.
        'x-accel-buffering': 'no',
      })
    } catch (error) {
      const failure = told(error)
      // Choices that have not failed are not wanted any more either.
      work.abort(failure)
      work.end()
      throw failure
    }
  }
}
