import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { ExportOptions } from '@foretoken/backend-onnx'
import { cacheDirectory } from '@foretoken/demo-models'

/** Changes with what the exporter writes. */
const version = 5

export interface EnsureOnnxOptions extends Pick<ExportOptions, 'contextLength' | 'onProgress' | 'signal'> {
  readonly type: 'fp32' | 'q4'
}

/**
 * A GGUF file in ONNX, in a folder of its own in the cache directory: written if it is not there, or of another file, or by
 * an older exporter. `onProgress` is called only then.
 *
 * @returns The graph's path.
 * @throws `model-file` when it cannot be converted.
 */
export async function ensureOnnx(gguf: string, options: EnsureOnnxOptions): Promise<string> {
  const { type, contextLength } = options
  const name = [basename(gguf, '.gguf'), type, ...(contextLength === undefined ? [] : [contextLength])].join('-')
  const folder = join(cacheDirectory(), 'onnx', name)
  const graph = join(folder, 'onnx', type === 'fp32' ? 'model.onnx' : `model_${type}.onnx`)
  const { size, mtimeMs } = await stat(gguf)
  const source = JSON.stringify({ version, size, mtimeMs })
  const stamp = 'source.json'
  if ((await readFile(join(folder, stamp), 'utf8').catch(() => '')) === source) return graph

  const fresh = `${folder}.${process.pid}.new`
  const { exportOnnx } = await import('@foretoken/backend-onnx')
  try {
    await mkdir(dirname(fresh), { recursive: true })
    await exportOnnx(gguf, fresh, options)
    await writeFile(join(fresh, stamp), source)
    await rm(folder, { recursive: true, force: true })
    await rename(fresh, folder)
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
  return graph
}
