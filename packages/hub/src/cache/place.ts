import {
  copyFile,
  link,
  lstat,
  mkdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { dirname, relative } from 'node:path'

/**
 * Makes a blob appear in a snapshot: by a relative link, so that the cache can be moved; where there are none (Windows
 * without the right to make them), as a file of its own.
 */
export async function placeBlob(blob: string, path: string, makeLink: typeof symlink = symlink): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  // Under another name first: a reader must never find half of it, nor nothing.
  const fresh = `${path}.${randomBytes(4).toString('hex')}`
  try {
    await makeLink(relative(dirname(path), blob), fresh)
  } catch {
    // A hard link takes no room; not every file system has them, either.
    await link(blob, fresh).catch(() => copyFile(blob, fresh))
  }
  try {
    await rename(fresh, path)
  } catch (error) {
    await rm(fresh, { force: true })
    throw error
  }
}

/** Makes a link a file of its own; it takes no room, but where there are no hard links. */
export async function becomeFile(path: string): Promise<void> {
  if ((await lstat(path)).isSymbolicLink())
    await placeBlob(await realpath(path), path, () => Promise.reject(new Error()))
}

/** Notes which commit a branch or tag was at. */
export async function writeRef(path: string, commit: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(() => '')).trim() === commit) return
  await mkdir(dirname(path), { recursive: true })
  const fresh = `${path}.${randomBytes(4).toString('hex')}`
  await writeFile(fresh, commit)
  await rename(fresh, path)
}

/** @returns `undefined` when there is no file at `path`. */
export async function sizeOf(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined)
  return found?.isFile() ? found.size : undefined
}
