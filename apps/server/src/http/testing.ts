import { loadModel } from '@foretoken/backend-llama'
import { draftModel, type LanguageModel } from '@foretoken/core'
import { draft, target } from '@foretoken/demo-models'
import { afterAll, beforeAll } from 'vitest'
import { createServer } from '../create-server.js'
import type { Engine } from '../engine/engine.js'
import { openEngine } from '../engine/open-engine.js'
import type { ServerOptions } from './options.js'

/* Tests only: the demo pair behind a server that listens. */

export interface Served {
  readonly url: string
  readonly engine: Engine
}

/**
 * Loads the demo pair for the tests of a file.
 *
 * @returns What serves it. Servers share an engine with two turns, unless a queue is asked for.
 */
export function demoServers(): (options?: Partial<ServerOptions>, queue?: number) => Promise<Served> {
  const models: LanguageModel[] = []
  const closing: (() => Promise<void>)[] = []
  let shared: Engine | undefined
  beforeAll(async () => {
    const common = { gpu: false, threads: 1, sequences: 4, calibrate: false } as const
    models.push(await loadModel({ path: target, ...common }), await loadModel({ path: draft, ...common }))
  })
  afterAll(async () => {
    await Promise.all(closing.map((close) => close()))
    for (const model of models) await model.dispose()
  })
  const open = (queue?: number): Engine => {
    const [model, small] = models as [LanguageModel, LanguageModel]
    const strategies = { draft: draftModel({ model: small }) }
    return openEngine({ id: 'demo', target: model, strategies, parallel: 2, ...(queue !== undefined && { queue }) })
  }
  return async (options = {}, queue) => {
    const engine = queue === undefined ? (shared ??= open()) : open(queue)
    const server = createServer({ engine, ...options })
    const { url } = await server.listen({ port: 0 })
    closing.push(() => server.close({ drainMs: 0 }))
    return { url, engine }
  }
}
