import { draft, draftShapes, ensureInflated, target } from '../../packages/demo-models/src/index.js'
import type { Size } from './options.js'

/** The demo pair, inflated where it is to be. */
export async function modelFiles(size: Size): Promise<{ target: string; draft: string }> {
  if (size === 'none') return { target, draft }
  const large = await ensureInflated({ source: target, shape: size, type: 'F16' })
  const small = await ensureInflated({ source: draft, shape: draftShapes[size], type: 'Q4_0' })
  return { target: large.path, draft: small.path }
}
