import { readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ForetokenError } from '@foretoken/core'
import { sizeOf } from '../cache/place.js'
import { formatBytes } from '../format-bytes.js'
import { type BundledFile, type HubFileName, manifestName, parseManifest } from './manifest.js'

/** A bundle on this machine. */
export interface Bundle {
  readonly folder: string
  /** The path of the target. */
  readonly target: string
  /** The draft: a path, or a name on the Hub. */
  readonly draft: { readonly path: string } | HubFileName
}

/**
 * Opens a bundle: its folder, or the `foretoken.json` in it. The files must be there, and as long as they should be;
 * their checksums are not computed.
 *
 * @throws `model-file`
 */
export async function openBundle(path: string): Promise<Bundle> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() === true
  const file = isFolder ? join(path, manifestName) : path
  const folder = dirname(file)
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const why = (cause as NodeJS.ErrnoException).code
    throw new ForetokenError('model-file', `${file} cannot be read (${why}). Pass the folder of a bundle.`, { cause })
  })
  const { target, draft } = parseManifest(text, file)
  return {
    folder,
    target: await located(folder, target, file),
    draft: 'hub' in draft ? draft : { path: await located(folder, draft, file) },
  }
}

async function located(folder: string, { file, bytes }: BundledFile, manifest: string): Promise<string> {
  const path = join(folder, file)
  const size = await sizeOf(path)
  if (size === undefined) {
    throw new ForetokenError('model-file', `${manifest} names ${file}, which is not there. Download the whole bundle.`)
  }
  if (bytes !== undefined && size !== bytes) {
    throw new ForetokenError(
      'model-file',
      `${path} has ${formatBytes(size)}, and ${manifest} says ${formatBytes(bytes)}. Download it again.`,
    )
  }
  return path
}
