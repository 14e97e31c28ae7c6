import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { cpus, homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/** Where what was made or measured on this machine is kept. It may not exist yet. */
export function cacheFolder(): string {
  const { XDG_CACHE_HOME: xdg } = process.env
  const cache = xdg && isAbsolute(xdg) ? xdg : join(homedir(), '.cache')
  return join(cache, 'foretoken')
}

/** A hash of all that the processor can do: what is kept for one must not be used on another. */
export function processorHash(): string {
  const model = cpus()[0]?.model ?? ''
  let features = ''
  try {
    features = /^(flags|Features)\s*:.*$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[0] ?? ''
  } catch {
    // Not Linux, or no /proc: the model has to do.
  }
  return createHash('sha256').update(`${process.arch} ${model} ${features}`).digest('hex').slice(0, 12)
}
