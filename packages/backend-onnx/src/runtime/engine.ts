import { ForetokenError } from '@foretoken/core'
import type { Cache } from './cache/cache.js'
import type { CloseRequest, DropRequest, ForkRequest, OpenRequest, PassRequest, Request, Results } from './messages.js'
import { importOnnxRuntime } from './onnxruntime.js'
import { openDecoder } from './open-decoder.js'
import type { OpenDecoder } from './open-decoder.js'

interface Model extends OpenDecoder {
  readonly caches: Map<number, Cache>
}

/** The models of a worker, and what their caches hold. Handles one request at a time. */
export class Engine {
  private readonly models = new Map<number, Model>()

  handle(request: Request): Promise<Results[keyof Results]> {
    switch (request.op) {
      case 'open':
        return this.open(request)
      case 'pass':
        return this.pass(request)
      case 'fork':
        return this.fork(request)
      case 'drop':
        return this.drop(request)
      case 'close':
        return this.close(request)
    }
  }

  private async open(request: OpenRequest): Promise<Results['open']> {
    const decoder = await openDecoder(await importOnnxRuntime(), request)
    this.models.set(request.model, { ...decoder, caches: new Map() })
    return decoder.opened
  }

  private async pass({ model: id, texts }: PassRequest): Promise<Results['pass']> {
    const model = this.model(id)
    const caches = texts.map(({ sequence, at }) => cacheAt(model, sequence, at))
    const { tokens, outputs } = texts[0]!
    try {
      if (texts.length === 1) return [await model.decoder.pass(caches[0]!, tokens, outputs)]
      return await model.decoder.passTogether!(caches, texts)
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error)
      throw new ForetokenError('runtime', `ONNX Runtime failed a pass over ${tokens.length} tokens: ${said}`)
    }
  }

  private async fork({ model: id, sequence, at, copy }: ForkRequest): Promise<undefined> {
    const model = this.model(id)
    model.caches.set(copy, cacheAt(model, sequence, at).fork())
  }

  private async drop({ model, sequence }: DropRequest): Promise<undefined> {
    this.model(model).caches.delete(sequence)
  }

  private async close({ model: id }: CloseRequest): Promise<undefined> {
    const model = this.model(id)
    this.models.delete(id)
    await model.decoder.release()
  }

  private model(id: number): Model {
    return this.models.get(id)!
  }
}

/** The cache of a sequence, rolled back to `at` tokens. */
function cacheAt({ caches, newCache }: Model, sequence: number, at: number): Cache {
  let cache = caches.get(sequence)
  if (cache === undefined) caches.set(sequence, (cache = newCache()))
  if (at < cache.length) cache.truncate(at)
  return cache
}
