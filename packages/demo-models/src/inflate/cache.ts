import { homedir } from 'node:os'
import { basename, isAbsolute, join } from 'node:path'
import { type Inflated, inflate, type InflateOptions } from './inflate.js'

/**
 * Where Foretoken keeps large files that it can make again: `foretoken` in the user's cache directory
 * (`XDG_CACHE_HOME` or `~/.cache`; `~/Library/Caches` on macOS; `LOCALAPPDATA` on Windows). It may not exist yet.
 */
export function cacheDirectory(): string {
  return join(userCache(), 'foretoken')
}

function userCache(): string {
  const { XDG_CACHE_HOME: xdg, LOCALAPPDATA: local } = process.env
  if (process.platform === 'win32') return local || join(homedir(), 'AppData', 'Local')
  // An explicit wish counts everywhere; the specification says to ignore relative paths.
  if (xdg && isAbsolute(xdg)) return xdg
  return process.platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache')
}

export interface EnsureInflatedOptions extends Omit<InflateOptions, 'destination'> {
  /** Where to look and to write. Default: {@link cacheDirectory}. */
  readonly directory?: string | undefined
}

/**
 * The inflated file with these properties, made if it is not there yet. Its name tells the model, shape and type
 * (`target-1.1b-F16.gguf`), so that a new version of the small model replaces what the old one gave.
 *
 * @throws As {@link inflate}.
 */
export async function ensureInflated(options: EnsureInflatedOptions): Promise<Inflated> {
  const { directory = cacheDirectory(), ...rest } = options
  return inflate({ ...rest, destination: join(directory, fileName(options)) })
}

function fileName({ source, shape, type = 'F16', seed = 0 }: EnsureInflatedOptions): string {
  const model = basename(source, '.gguf').replace(/-(?:F32|F16|Q8_0|Q4_0)$/, '')
  const size =
    typeof shape === 'string'
      ? shape
      : `${shape.hidden}x${shape.layers}-ff${shape.feedForward}-h${shape.heads}-kv${shape.kvHeads}`
  return `${[model, size, type, ...(seed === 0 ? [] : [`seed${seed}`])].join('-')}.gguf`
}
