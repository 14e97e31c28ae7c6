import { readdir, readlink } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { mustBeHubName } from '../names/hub-name.js'
import { type Context, freeBytes, type PullProgress } from '../pull/context.js'
import { type Pulled, pullWith } from '../pull/pull.js'
import { hubSettings } from '../settings.js'

/** A pull with what came of it besides, and with little patience. */
export interface TestPull {
  readonly notices: string[]
  readonly progress: PullProgress[]
  readonly result: Promise<Pulled>
}

/** Never touches the user's own cache, token or settings. */
export function startPull(
  name: string,
  { endpoint, cache, token, offline = false }: { endpoint: string; cache: string; token?: string; offline?: boolean },
  more: Partial<Context> = {},
): TestPull {
  const settings = hubSettings({ endpoint, cache, offline, ...(token !== undefined && { token }) }, { HF_HOME: cache })
  const notices: string[] = []
  const progress: PullProgress[] = []
  const context: Context = {
    settings,
    signal: undefined,
    say: (notice) => notices.push(notice),
    report: (now) => progress.push(now),
    patience: { pauses: [1, 2, 4], silence: 300 },
    freeBytes,
    ...more,
  }
  return { notices, progress, result: pullWith(context, mustBeHubName(name, endpoint)) }
}

/** Every file under a folder, links with where they lead. */
export async function listing(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => !entry.isDirectory())
  const lines = files.map(async (entry) => {
    const path = join(entry.parentPath, entry.name)
    const name = relative(folder, path).split(sep).join('/')
    return entry.isSymbolicLink() ? `${name} -> ${await readlink(path)}` : name
  })
  return (await Promise.all(lines)).toSorted()
}
