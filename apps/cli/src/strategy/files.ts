import { randomUUID } from 'node:crypto'
import { access, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ForetokenError, type SuffixStore } from '@foretoken/core'

/** More text than that would take minutes to read and gigabytes to hold. */
const mostBytes = 16 * 2 ** 20

/**
 * A store in a file, which is replaced as a whole or not at all.
 *
 * @throws `invalid-argument` when there can be no such file.
 */
export async function fileStore(file: string): Promise<SuffixStore> {
  const there = await orRefuse(file, 'opened', () => ifThere(stat(file)))
  if (there?.isDirectory()) throw new ForetokenError('invalid-argument', `${file} is a folder: name a file.`)
  if (!there) await orRefuse(file, 'written', () => access(dirname(file)))
  return {
    read: () => orRefuse(file, 'read', () => ifThere(readFile(file))),
    async write(bytes) {
      const beside = `${file}.${randomUUID()}`
      try {
        await writeFile(beside, bytes)
        await rename(beside, file)
      } catch (error) {
        await rm(beside, { force: true })
        throw error
      }
    },
  }
}

/** @throws `invalid-argument` */
export function readText(file: string): Promise<string> {
  return orRefuse(file, 'read', () => readFile(file, 'utf8'))
}

/**
 * The text of a file, or of all text files in a folder and below; not what is hidden, and no `node_modules`.
 *
 * @throws `invalid-argument` when it cannot be read, or is too much.
 */
export async function readDocuments(path: string): Promise<string[]> {
  return orRefuse(path, 'read', async () => {
    const documents: string[] = []
    let bytes = 0
    for await (const file of filesIn(path)) {
      bytes += (await stat(file)).size
      if (bytes > mostBytes) {
        throw new ForetokenError(
          'invalid-argument',
          `${path} has more than 16 MiB of files: name a smaller part of it.`,
        )
      }
      const text = await readFile(file, 'utf8')
      if (!text.includes('\0')) documents.push(text)
    }
    return documents
  })
}

async function* filesIn(path: string): AsyncGenerator<string> {
  if (!(await stat(path)).isDirectory()) {
    yield path
    return
  }
  const entries = await readdir(path, { withFileTypes: true })
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
    const inside = join(path, entry.name)
    if (entry.isDirectory()) yield* filesIn(inside)
    else if (entry.isFile()) yield inside
  }
}

async function ifThere<T>(value: Promise<T>): Promise<T | undefined> {
  try {
    return await value
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function orRefuse<T>(path: string, what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (cause) {
    if (ForetokenError.is(cause)) throw cause
    const why = (cause as Error).message
    throw new ForetokenError('invalid-argument', `${path} cannot be ${what}: ${why}.`, { cause })
  }
}
