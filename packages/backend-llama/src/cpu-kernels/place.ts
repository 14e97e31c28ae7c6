import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder, processorHash } from '../cache-folder.js'
import { flags, ownFiles } from './compile.js'

/**
 * Where the kernels for this processor and release of llama.cpp are, or would be. The name holds a hash of all that the
 * processor can do, and one of our sources and of how they are compiled: a cache that is carried to another machine is not
 * used there, nor is one that another version of this package left.
 *
 * @param release As llama.cpp names it: `v0.5.0`.
 */
export function kernelsPath(release: string): string {
  return join(cacheFolder(), `ggml-cpu-${release}-${processorHash()}-${sourceHash()}.so`)
}

/** The kernels that were built for this machine, if they were. */
export function builtKernels(release: string): string | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    const path = kernelsPath(release)
    return existsSync(path) ? path : undefined
  } catch {
    // This package was bundled into another file, away from its sources: whose kernels there are cannot be told.
    return undefined
  }
}

function sourceHash(): string {
  const hash = createHash('sha256').update(flags.join(' '))
  for (const file of ownFiles()) hash.update(readFileSync(file))
  return hash.digest('hex').slice(0, 12)
}
