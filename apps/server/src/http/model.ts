import type { Engine } from '../engine/engine.js'
import { ApiError, unavailable } from './errors.js'

/** An engine that may still be loading. */
export class Loading {
  private loaded: Engine | undefined
  private failed = false

  constructor(engine: Engine | PromiseLike<Engine>) {
    if (!('then' in engine)) {
      this.loaded = engine
      return
    }
    engine.then(
      (loaded) => (this.loaded = loaded),
      () => (this.failed = true),
    )
  }

  /** `undefined` until it is loaded. */
  get engine(): Engine | undefined {
    return this.loaded
  }

  /** @throws an {@link ApiError}, 503 */
  now(): Engine {
    if (this.loaded) return this.loaded
    throw unavailable(this.failed ? 'The model could not be loaded.' : 'The model is still being loaded: try again.')
  }

  /** @throws an {@link ApiError}, 404, when it goes by another name. */
  named(id: string): Engine {
    const engine = this.now()
    if (id === engine.id) return engine
    throw new ApiError(`There is no model '${id}': this server has '${engine.id}'.`, {
      status: 404,
      code: 'model_not_found',
      param: 'model',
    })
  }
}
