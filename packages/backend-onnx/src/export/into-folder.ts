import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { ForetokenError } from '@foretoken/core'

/**
 * Has a folder filled, and only when that is done puts what is in it into `folder`, in place of what has the same names
 * there. When it fails before, `folder` is as it was, or not there.
 *
 * @param fill Is given an empty folder on the same disk.
 * @returns The files that are new, relative to `folder`: weights before the graphs that need them.
 * @throws `invalid-argument` when `folder` cannot be written to; what `fill` throws.
 */
export async function intoFolder(folder: string, fill: (folder: string) => Promise<void>): Promise<string[]> {
  const path = resolve(folder)
  const { fresh, made } = await makeInside(path)
  try {
    await fill(fresh)
    const files = await filesIn(fresh)
    for (const file of files) {
      await mkdir(dirname(join(path, file)), { recursive: true })
      await rename(join(fresh, file), join(path, file))
    }
    return files
  } catch (error) {
    if (made !== undefined) await rm(made, { recursive: true, force: true })
    throw error
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
}

/** @returns Also the uppermost folder that had to be made for it. */
async function makeInside(path: string): Promise<{ fresh: string; made: string | undefined }> {
  try {
    const made = await mkdir(path, { recursive: true })
    return { fresh: await mkdtemp(join(path, '.export-')), made }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const why = code === 'EEXIST' || code === 'ENOTDIR' ? 'a file is in its place' : message
    throw new ForetokenError('invalid-argument', `${path} cannot be written to: ${why}. Use another folder.`, { cause })
  }
}

async function filesIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder, { recursive: true })).toSorted()
  const stats = await Promise.all(names.map((name) => stat(join(folder, name))))
  const files = names.filter((_, i) => stats[i]!.isFile())
  const graph = (name: string): boolean => name.endsWith('.onnx')
  return [...files.filter((name) => !graph(name)), ...files.filter(graph)]
}
