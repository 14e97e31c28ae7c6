import { ForetokenError } from '@foretoken/core'
import type { LlamaModel, LoadPlan } from '../model.js'
import type { CheckedOptions } from '../options.js'
import type { Runtime } from '../runtime.js'

export async function loadThroughPublicApi(_runtime: Runtime, _plan: LoadPlan, _options: CheckedOptions): Promise<LlamaModel> {
  throw new ForetokenError('runtime', 'todo')
}
