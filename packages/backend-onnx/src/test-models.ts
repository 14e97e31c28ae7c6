import { loadModel as loadGguf } from '@foretoken/backend-llama'
import type { LlamaModel } from '@foretoken/backend-llama'
import { draft, target } from '@foretoken/demo-models'
import { ensureOnnx } from '../../../apps/cli/src/convert/ensure-onnx.js'
import { loadModel } from './load.js'
import type { OnnxModel } from './model.js'
import type { LoadOptions } from './options.js'

/* The demo pair, for tests. */

const ggufs = { target, draft }

export type Role = keyof typeof ggufs

export const openDemo = async (role: Role, options: Omit<LoadOptions, 'path'> = {}): Promise<OnnxModel> =>
  loadModel({ path: await ensureOnnx(ggufs[role], { type: 'fp32' }), ...options })

/** The same model on llama.cpp. */
export const openReference = (role: Role): Promise<LlamaModel> =>
  loadGguf({ path: ggufs[role], gpu: false, contextSize: 1024, sequences: 4, calibrate: false })
