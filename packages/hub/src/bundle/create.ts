import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rename, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { ForetokenError } from '@foretoken/core'
import { isSafePath } from '../names/safe-path.js'
import { nameDraftIn } from './gguf-draft.js'
import { type BundleManifest, type FileFacts, manifestName, parseManifest } from './manifest.js'

export interface CreateBundleOptions {
  /** The path of the target; `foretoken.json` is written beside it. */
  readonly target: string
  /** The path of the draft. */
  readonly draft: string
  /** Another file to write: a copy of the target that names its draft itself, in place of `foretoken.json`. */
  readonly embed?: string | undefined
  /** What the draft is called on the Hub; left out, it must lie beside the target, or deeper. */
  readonly draftName?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** Called with the bytes that were read. */
  readonly onProgress?: ((bytes: number, total: number) => void) | undefined
}

/**
 * Makes the folder of a target a bundle: writes `foretoken.json`, with the sizes and checksums of both files; or writes a
 * copy of the target that names the draft. Whether the draft can draft for the target is not looked at.
 *
 * @returns The path of what was written, and what it says of the draft.
 * @throws `invalid-argument` for a draft that lies elsewhere, `model-file` for a file that cannot be read, the signal's reason.
 */
export async function createBundle(
  options: CreateBundleOptions,
): Promise<{ readonly path: string; readonly draft: BundleManifest['draft'] }> {
  const { target, draft, draftName, embed, signal, onProgress = () => {} } = options
  const folder = dirname(resolve(embed ?? target))
  const name = draftName === undefined ? { file: nameIn(folder, draft) } : { hub: draftName }
  const [targetSize, draftSize] = [await sizeOf(target), await sizeOf(draft)]
  const total = targetSize + draftSize
  const draftEntry = { ...name, ...(await factsOf(draft, (bytes) => onProgress(bytes, total), signal)) }
  const onBytes = (bytes: number): void => onProgress(Math.min(total, draftSize + bytes), total)
  if (embed !== undefined) {
    await nameDraftIn(target, embed, draftEntry, { signal, onBytes })
    return { path: embed, draft: draftEntry }
  }
  const path = join(folder, manifestName)
  const targetEntry = { file: nameIn(folder, target), ...(await factsOf(target, onBytes, signal)) }
  const manifest = { format: 'foretoken-bundle', version: 1, target: targetEntry, draft: draftEntry }
  const text = `${JSON.stringify(manifest, undefined, 2)}\n`
  // What cannot be read again must not be published.
  parseManifest(text, path)
  const fresh = `${path}.${process.pid}`
  await writeFile(fresh, text)
  await rename(fresh, path)
  return { path, draft: draftEntry }
}

function nameIn(folder: string, file: string): string {
  const name = relative(folder, resolve(file)).split(sep).join('/')
  if (isSafePath(name)) return name
  throw new ForetokenError(
    'invalid-argument',
    `${file} does not lie in ${folder}, where the target is: put it there, or name it as it is called on the Hub (hf://owner/repo/file.gguf).`,
  )
}

async function factsOf(
  path: string,
  onBytes: (bytes: number) => void,
  signal: AbortSignal | undefined,
): Promise<Required<FileFacts>> {
  const hash = createHash('sha256')
  let bytes = 0
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      signal?.throwIfAborted()
      hash.update(chunk)
      bytes += chunk.length
      onBytes(bytes)
    }
  } catch (error) {
    signal?.throwIfAborted()
    throw unreadable(path, error)
  }
  return { bytes, sha256: hash.digest('hex') }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    (error: unknown) => {
      throw unreadable(path, error)
    },
  )
}

function unreadable(path: string, cause: unknown): ForetokenError {
  const { code, message } = cause as NodeJS.ErrnoException
  return new ForetokenError('model-file', `${path} cannot be read (${code ?? message}). Check the path.`, { cause })
}
