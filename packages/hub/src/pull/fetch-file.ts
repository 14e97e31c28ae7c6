import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { layoutOf } from '../cache/layout.js'
import { withLock } from '../cache/lock.js'
import { placeBlob, sizeOf } from '../cache/place.js'
import { Changed } from './changed.js'
import type { Context } from './context.js'
import { diskFailure } from './disk.js'
import { download } from './download.js'
import type { HubFile, Listing } from './listing.js'

/** How many bytes of a file are here already. */
export async function bytesHere({ settings }: Context, { repo, commit }: Listing, file: HubFile): Promise<number> {
  const layout = layoutOf(settings.cache, repo)
  for (const path of [layout.snapshot(commit, file.path), layout.blob(file.etag)]) {
    if ((await sizeOf(path)) === file.size) return file.size
  }
  const part = (await sizeOf(layout.part(file.etag))) ?? 0
  return part > file.size ? 0 : part
}

/**
 * Sees to it that a file is in the cache.
 *
 * @param onBytes Called with how much of it is there.
 * @returns Where it is.
 * @throws As `download`.
 */
export async function fetchFile(
  context: Context,
  { repo, commit }: Listing,
  file: HubFile,
  onBytes: (there: number) => void,
): Promise<string> {
  const { settings, signal, say } = context
  const layout = layoutOf(settings.cache, repo)
  const path = layout.snapshot(commit, file.path)
  const [blob, part] = [layout.blob(file.etag), layout.part(file.etag)]
  if ((await sizeOf(path)) !== file.size) {
    const address = `${settings.endpoint}/${repo}/resolve/${commit}/${file.path.split('/').map(encodeURIComponent).join('/')}`
    const onWait = (): void => say(`${file.path}: another process is downloading it; waiting`)
    try {
      await mkdir(layout.blobs, { recursive: true })
      await withLock(layout.lock(file.etag), { signal, onWait }, async () => {
        if ((await sizeOf(blob)) !== file.size) {
          await download(context, { file, address, part, onBytes })
          await rename(part, blob)
        }
        await mkdir(dirname(path), { recursive: true })
        await placeBlob(blob, path)
      })
    } catch (error) {
      if (error instanceof Changed) await rm(part, { force: true })
      throw diskFailure(error, blob, file.size)
    }
  }
  onBytes(file.size)
  return path
}
