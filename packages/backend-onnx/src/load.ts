import { openFolder } from './folder/open-folder.js'
import type { OnnxModel } from './model.js'
import { openModel } from './open-model.js'
import { checkOptions } from './options.js'
import type { LoadOptions } from './options.js'

/**
 * Loads a decoder in ONNX, from a folder as the Hugging Face Hub lays it out.
 *
 * ```ts
 * const target = await loadModel('Qwen2.5-0.5B-Instruct')
 * ```
 *
 * @throws `invalid-argument`, `model-file` (missing, damaged, or no decoder), `unsupported`, `runtime` (ONNX Runtime is not
 * installed, does not start here, or failed), or the signal's reason.
 */
export async function loadModel(options: LoadOptions | string): Promise<OnnxModel> {
  const checked = checkOptions(options)
  const { path, signal, onProgress } = checked
  signal?.throwIfAborted()
  onProgress?.({ stage: 'load', fraction: 0 })
  const folder = await openFolder(path, {
    ...(checked.type && { type: checked.type }),
    // Of other graphs, CoreML takes next to nothing.
    preferStatic: checked.device === 'coreml',
  })
  signal?.throwIfAborted()
  const model = await openModel(folder, checked)
  onProgress?.({ stage: 'load', fraction: 1 })
  return model
}
