import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { cpus, homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/**
 * Where the kernels for this processor and release of llama.cpp are, or would be. The name holds a hash of all that the
 * processor can do: a cache that is carried to another machine is not used there.
 *
 * @param release As llama.cpp names it: `v0.5.0`.
 */
export function kernelsPath(release: string): string {
  const { XDG_CACHE_HOME: xdg } = process.env
  const cache = xdg && isAbsolute(xdg) ? xdg : join(homedir(), '.cache')
  return join(cache, 'foretoken', `ggml-cpu-${release}-${processor()}.so`)
}

/** The kernels that were built for this machine, if they were. */
export function builtKernels(release: string): string | undefined {
  if (process.platform !== 'linux') return undefined
  const path = kernelsPath(release)
  return existsSync(path) ? path : undefined
}

function processor(): string {
  const model = cpus()[0]?.model ?? ''
  let features = ''
  try {
    features = /^(flags|Features)\s*:.*$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[0] ?? ''
  } catch {
    // Not Linux, or no /proc: the model has to do.
  }
  return createHash('sha256').update(`${process.arch} ${model} ${features}`).digest('hex').slice(0, 12)
}
