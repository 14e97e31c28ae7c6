import { loadModel } from '@foretoken/backend-onnx'
import { draft, draftShapes, ensureInflated, type ShapeName, target } from '@foretoken/demo-models'
import { ensureOnnx } from '../../src/convert/ensure-onnx.js'

/** Room for 2,000 tokens, which is more than the demo models were trained on: it is speed that counts here. */
const contextLength = 4096

export type Type = 'fp32' | 'q4'

/** The demo target, inflated and converted. @returns The graph's path. */
export async function targetFile(size: ShapeName, type: Type): Promise<string> {
  const { path } = await ensureInflated({ source: target, shape: size, type: 'F16' })
  return ensureOnnx(path, { type, contextLength })
}

/** The draft that goes with it, in 4 bits. @returns The graph's path. */
export async function draftFile(size: ShapeName): Promise<string> {
  const { path } = await ensureInflated({ source: draft, shape: draftShapes[size], type: 'Q4_0' })
  return ensureOnnx(path, { type: 'q4', contextLength })
}

/** On the processor, which is what is measured. */
export const load = (path: string, options: Partial<Parameters<typeof loadModel>[0] & object> = {}) =>
  loadModel({ path, device: 'cpu', calibrate: false, ...options })
