import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { cacheDirectory } from '@foretoken/demo-models'
import { createProgress } from '../terminal/progress.js'
import { duration } from '../terminal/format.js'
import type { Terminal } from '../terminal/terminal.js'
import { intoFolder } from './into-folder.js'

/**
 * A GGUF file in ONNX, kept in the cache directory: made if it is not there, or older than the file.
 *
 * @returns The graph's path.
 */
export async function ensureOnnx(gguf: string, type: 'fp32' | 'q4', terminal: Terminal): Promise<string> {
  const folder = join(cacheDirectory(), 'onnx', basename(gguf, '.gguf'))
  const graph = join(folder, 'onnx', type === 'fp32' ? 'model.onnx' : `model_${type}.onnx`)
  if ((await writtenAt(graph)) > (await writtenAt(gguf))) return graph

  const label = `converting ${basename(gguf)} to ONNX, ${type}`
  const progress = createProgress(terminal, label)
  const started = performance.now()
  const { exportOnnx } = await import('@foretoken/backend-onnx')
  await intoFolder(folder, (fresh) =>
    exportOnnx(gguf, fresh, { type, signal: terminal.signal, onProgress: (fraction) => progress.update(fraction) }),
  )
  progress.done(`${label}: ${folder} (${duration(performance.now() - started)})`)
  return graph
}

/** In milliseconds; 0 for what is not there. */
async function writtenAt(file: string): Promise<number> {
  return stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  )
}
