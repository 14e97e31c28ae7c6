import type { Stats } from 'node:fs'
import { open, readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ForetokenError } from '@foretoken/core'

/** The error of a folder or file that cannot be used. `what` goes on from its path, `advice` is a sentence. */
export function bad(path: string, what: string, advice: string): ForetokenError {
  return new ForetokenError('model-file', `${path} cannot be used: ${what}. ${advice}`)
}

/** @returns `undefined` when there is nothing at `path`. */
export async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw unreadable(path, error as Error)
  }
}

/** @returns `undefined` when there is no such file. */
export async function readText(path: string): Promise<string | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw unreadable(path, error as Error)
  }
  if (text.startsWith(pointerStart)) throw isPointer(path)
  return text
}

/** @returns `undefined` when there is no such file. */
export async function readJson<T extends object>(path: string): Promise<T | undefined> {
  const text = await readText(path)
  if (text === undefined) return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw bad(path, `it is not whole JSON (${(error as Error).message})`, 'Download it again.')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw bad(path, 'it is not a JSON object', 'Download it again.')
  }
  return value as T
}

/** Looks at a file of weights without reading it: whether it is there, and is what it should be. */
export async function checkWeights(path: string, missing: () => ForetokenError): Promise<void> {
  const stats = await statOf(path)
  if (!stats?.isFile()) throw missing()
  if (stats.size === 0) throw bad(path, 'it is empty', 'Download it again.')
  // Pointers are a few lines long.
  if (stats.size > 1024) return
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(pointerStart.length), 0, pointerStart.length, 0)
    if (buffer.toString('latin1', 0, bytesRead) === pointerStart) throw isPointer(path)
  } finally {
    await file.close()
  }
}

const pointerStart = 'version https://git-lfs.github.com/spec/'

function isPointer(path: string): ForetokenError {
  const advice = `Run "git lfs pull" in ${dirname(path)}, or download the file from the model's page.`
  return bad(path, 'it is a Git LFS pointer, which says where the file is, not the file itself', advice)
}

function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')
}

function unreadable(path: string, error: Error): ForetokenError {
  return bad(path, `it cannot be read (${error.message})`, 'Check the path and its permissions.')
}
