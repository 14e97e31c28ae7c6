import type { Dirent } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { ListedFile } from '../names/choose.js'
import { isCommit, layoutOf } from './layout.js'

/** What the cache has of a repository at a revision. */
export interface CachedSnapshot {
  readonly commit: string
  readonly folder: string
  readonly files: readonly ListedFile[]
}

/** @returns `undefined` when nothing of that revision is there. */
export async function cachedSnapshot(
  cache: string,
  repo: string,
  revision: string,
): Promise<CachedSnapshot | undefined> {
  const layout = layoutOf(cache, repo)
  const commit = isCommit(revision) ? revision : await readFile(layout.ref(revision), 'utf8').then(trim, nothing)
  if (commit === undefined || !isCommit(commit)) return undefined
  const folder = layout.snapshot(commit)
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(nothing)
  const files = await Promise.all((entries ?? []).map((entry) => listed(entry, folder)))
  const there = files.filter((file) => file !== undefined)
  return there.length === 0 ? undefined : { commit, folder, files: there }
}

/** `undefined` for folders, and for links to what somebody has deleted. */
async function listed(entry: Dirent, folder: string): Promise<ListedFile | undefined> {
  const path = join(entry.parentPath, entry.name)
  const found = await stat(path).catch(nothing)
  return found?.isFile() ? { path: relative(folder, path).split(sep).join('/'), size: found.size } : undefined
}

const trim = (text: string): string => text.trim()
const nothing = (): undefined => undefined
