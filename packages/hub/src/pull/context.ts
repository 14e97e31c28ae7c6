import { statfs } from 'node:fs/promises'
import type { HubSettings } from '../settings.js'

/** What the parts of a pull share. */
export interface Context {
  readonly settings: HubSettings
  readonly signal: AbortSignal | undefined
  /** Tells people what goes on: a sentence each. */
  readonly say: (notice: string) => void
  readonly report: (progress: PullProgress) => void
  readonly patience: Patience
  /** Bytes that can still be written to the file system of a folder. */
  readonly freeBytes: (folder: string) => Promise<number>
}

/** How far a pull has come. */
export interface PullProgress {
  /** The file that is being downloaded, by its path in the repository. */
  readonly file: string
  /** Of all the files of a repository, those that were here before included. It can go back, when one is damaged. */
  readonly bytes: number
  readonly total: number
}

export interface Patience {
  /** How long to wait before each further try, in milliseconds; there are no more tries than that. */
  readonly pauses: readonly number[]
  /** A connection over which nothing comes for so long is given up, in milliseconds. */
  readonly silence: number
}

export const usualPatience: Patience = { pauses: [1000, 2000, 4000, 8000, 16_000], silence: 30_000 }

export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}
