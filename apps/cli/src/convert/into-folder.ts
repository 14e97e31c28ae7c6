import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { ForetokenError } from '@foretoken/core'

/**
 * Has a folder filled, and only when that is done puts what is in it into `folder`, in place of what has the same names
 * there. Whatever else happens, nothing is left behind.
 *
 * @param fill Is given an empty folder beside `folder`.
 * @returns The files that are new, relative to `folder`.
 * @throws `invalid-argument` when `folder` cannot be written to; what `fill` throws.
 */
export async function intoFolder(folder: string, fill: (folder: string) => Promise<void>): Promise<string[]> {
  const path = resolve(folder)
  const fresh = await makeBeside(path)
  try {
    await fill(fresh)
    const files = await filesIn(fresh)
    for (const file of files) {
      await mkdir(dirname(join(path, file)), { recursive: true })
      await rename(join(fresh, file), join(path, file))
    }
    return files
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
}

/** On the same disk, so that files need not be copied. */
async function makeBeside(path: string): Promise<string> {
  try {
    const there = await stat(path).catch(() => undefined)
    if (there && !there.isDirectory()) throw new Error('it is a file')
    await mkdir(dirname(path), { recursive: true })
    return await mkdtemp(join(dirname(path), `.${basename(path)}-`))
  } catch (cause) {
    const why = (cause as Error).message
    throw new ForetokenError('invalid-argument', `The folder ${path} cannot be written to: ${why}. Use --output.`, {
      cause,
    })
  }
}

/** Weights before the graphs that need them. */
async function filesIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder, { recursive: true })).toSorted()
  const stats = await Promise.all(names.map((name) => stat(join(folder, name))))
  const files = names.filter((_, i) => stats[i]!.isFile())
  const graph = (name: string): boolean => name.endsWith('.onnx')
  return [...files.filter((name) => !graph(name)), ...files.filter(graph)]
}
