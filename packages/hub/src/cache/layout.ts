import { join } from 'node:path'

/*
 * The cache of the Hub's tools (https://huggingface.co/docs/hub/local-cache): files once, by their content, in `blobs`;
 * what a commit calls them in `snapshots`; which commit a branch was at in `refs`.
 */

/** The names of the folders and files of a repository in the cache. */
export interface Layout {
  readonly blobs: string
  readonly snapshots: string
  readonly refs: string
  blob(etag: string): string
  /** Where a file is until it is whole. Every tool's name for that ends alike, and no two of them write to one. */
  part(etag: string): string
  lock(etag: string): string
  snapshot(commit: string, path?: string): string
  ref(revision: string): string
}

/** @param repo `owner/repo` */
export function layoutOf(cache: string, repo: string): Layout {
  const name = `models--${repo.replaceAll('/', '--')}`
  const folder = join(cache, name)
  const [blobs, snapshots, refs] = [join(folder, 'blobs'), join(folder, 'snapshots'), join(folder, 'refs')]
  return {
    blobs,
    snapshots,
    refs,
    blob: (etag) => join(blobs, etag),
    part: (etag) => join(blobs, `${etag}.foretoken.incomplete`),
    // Beside Python's, which are locked by the system, as Node cannot: one file for both would let neither wait.
    lock: (etag) => join(cache, '.locks', name, `${etag}.foretoken.lock`),
    snapshot: (commit, path = '') => join(snapshots, commit, ...path.split('/')),
    ref: (revision) => join(refs, ...revision.split('/')),
  }
}

export const isCommit = (revision: string): boolean => /^[0-9a-f]{40}$/.test(revision)
