import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ForetokenError } from '@foretoken/core'
import { cacheFolder } from '../cache-folder.js'
import { buildInFolder } from '../native-build/in-folder.js'
import { compilers, mustHaveTools, runTool } from '../native-build/tools.js'
import type { Runtime } from '../runtime.js'

/** What is built, for people. */
const what = "llama.cpp's RPC backend"
const flags = ['-std=gnu++17', '-O2', '-fPIC', '-pthread', '-w', '-DNDEBUG']
/** As llama.cpp's own build sets them for a backend that is loaded at run time. */
const definitions = ['GGML_BACKEND_BUILD', 'GGML_BACKEND_DL', 'GGML_BACKEND_SHARED', 'GGML_SHARED', '_GNU_SOURCE']
const sources = ['ggml-rpc.cpp', 'transport.cpp']

/**
 * Where the RPC backend for this release of llama.cpp is, or would be. The name tells the release and how it was compiled:
 * what another version left is not used.
 */
export function rpcLibraryPath(release: string): string {
  const how = createHash('sha256').update([...flags, ...definitions, ...sources].join(' '))
  const name = `ggml-rpc-${release}-${process.platform}-${process.arch}-${how.digest('hex').slice(0, 12)}`
  return join(cacheFolder(), `${name}.so`)
}

export interface BuildRpcOptions {
  /** Told the fraction done, from 0 to 1, if there is anything to do. */
  readonly onProgress?: ((fraction: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Sees to it that llama.cpp's RPC backend is there, without which no model can be spread over machines: compiled once, in
 * some ten seconds, from the source that node-llama-cpp brings along.
 *
 * Needs git and a C++ compiler (`c++`, or what CXX names). Not on Windows.
 *
 * @returns The path of the library.
 * @throws `unsupported` on Windows or without the tools, `runtime` when compiling fails, or the signal's reason.
 */
export async function ensureRpcLibrary(runtime: Runtime, options: BuildRpcOptions = {}): Promise<string> {
  const { onProgress, signal } = options
  const path = rpcLibraryPath(runtime.release)
  if (existsSync(path)) return path
  if (process.platform === 'win32' || runtime.ggmlBase === '') {
    throw new ForetokenError('unsupported', 'Models can be spread over machines on Linux and macOS only, so far.')
  }
  const { cpp } = compilers()
  await mustHaveTools(['git', cpp], what, ', or run the model on one machine', signal)
  onProgress?.(0)
  await buildInFolder(path, what, signal, async (ggml, folder) => {
    onProgress?.(0.1)
    const includes = ['include', 'src'].map((name) => `-I${join(ggml, name)}`)
    const defined = definitions.map((name) => `-D${name}`)
    const objects: string[] = []
    for (const [index, source] of sources.entries()) {
      const object = join(folder, `${source}.o`)
      const file = join(ggml, 'src', 'ggml-rpc', source)
      await runTool(cpp, [...flags, ...defined, ...includes, '-c', file, '-o', object], what, signal)
      objects.push(object)
      onProgress?.(0.1 + (0.8 * (index + 1)) / sources.length)
    }
    const library = join(folder, 'rpc.so')
    // Linked to the very library that is loaded, by its name: there must be one copy of it in a process.
    await runTool(cpp, ['-shared', '-pthread', '-o', library, ...objects, runtime.ggmlBase], what, signal)
    return library
  })
  onProgress?.(1)
  return path
}
