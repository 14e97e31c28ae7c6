import { existsSync } from 'node:fs'
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { exportOnnx as convert } from '../../../packages/backend-onnx/src/export/index.js'
import { cacheDirectory } from '../../../packages/demo-models/src/index.js'

/** Changes with what the exporter writes. */
const version = 2

/**
 * The model of a GGUF file in ONNX, in single precision, written once: into {@link cacheDirectory}, as a folder of its own,
 * beside those that the CLI keeps.
 *
 * @returns The folder.
 * @throws `model-file` when it cannot be converted.
 */
export async function exportOnnx(gguf: string): Promise<string> {
  const folder = join(cacheDirectory(), 'onnx', `${basename(gguf, '.gguf')}-peers`)
  const { size, mtimeMs } = await stat(gguf)
  // The models are made anew from time to time, under the same name.
  const source = JSON.stringify({ version, size, mtimeMs })
  const stamp = join(folder, 'source.json')
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === source) return folder

  const fresh = `${folder}.${process.pid}.new`
  await rm(fresh, { recursive: true, force: true })
  await convert(gguf, fresh)
  await writeFile(join(fresh, 'source.json'), source)
  await rm(folder, { recursive: true, force: true })
  await rename(fresh, folder)
  return folder
}
