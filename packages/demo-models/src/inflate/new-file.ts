import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ForetokenError } from '@foretoken/core'

/** A partial file that nobody has written to for this long was left by a process that died. */
const abandonedAfter = 10 * 60_000

/**
 * Creates the file at `path`, or replaces it, all at once: `write` fills a file beside it, which takes its place when it
 * is complete, and is removed when `write` throws.
 *
 * @param size How many bytes it is going to take.
 * @throws `out-of-memory` when the disk has not that much room, or what `write` throws.
 */
export async function createFile(
  path: string,
  size: number,
  write: (handle: FileHandle) => Promise<void>,
): Promise<void> {
  const directory = dirname(path)
  await mkdir(directory, { recursive: true })
  await removeAbandoned(path)
  await requireSpace(path, size)
  const partial = `${path}.${randomBytes(6).toString('hex')}.partial`
  try {
    const handle = await open(partial, 'wx')
    try {
      await write(handle)
      // The name must not appear before the content is safe: it is what tells later runs that the file is complete.
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(partial, path)
  } catch (error) {
    await rm(partial, { force: true })
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw await noSpace(path, size, error)
    throw error
  }
}

async function requireSpace(path: string, size: number): Promise<void> {
  if ((await freeSpace(path)) < size) throw await noSpace(path, size)
}

async function freeSpace(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(dirname(path))
  return bavail * bsize
}

async function noSpace(path: string, size: number, cause?: unknown): Promise<ForetokenError> {
  const figures = `${gigabytes(size)} are needed and ${gigabytes(await freeSpace(path))} are free`
  return new ForetokenError(
    'out-of-memory',
    `No room on the disk for ${path}: ${figures}. Free some, choose another directory, or a smaller shape or type`,
    { cause },
  )
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`
}

/** Removes what earlier, killed runs left of this file: it can be tens of gigabytes. */
async function removeAbandoned(path: string): Promise<void> {
  const prefix = `${basename(path)}.`
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(prefix) || !name.endsWith('.partial')) continue
    const partial = join(dirname(path), name)
    const info = await stat(partial).catch(() => undefined)
    if (info && Date.now() - info.mtimeMs > abandonedAfter) await rm(partial, { force: true })
  }
}
