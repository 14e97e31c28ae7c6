import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { ForetokenError } from '@foretoken/core'
import { buildInFolder } from '../native-build/in-folder.js'
import { compilers, mustHaveTools, runTool } from '../native-build/tools.js'
import { type Gpu, openRuntime } from '../runtime.js'
import { compileAll, what } from './compile.js'
import { builtKernels, kernelsPath } from './place.js'

export interface BuildOptions {
  /** What models will be loaded with. Where that is a GPU, nothing is built. Default `false`, the CPU. */
  readonly gpu?: Gpu | undefined
  /** Told the fraction done, from 0 to 1. */
  readonly onProgress?: (fraction: number) => void
  readonly signal?: AbortSignal | undefined
}

/**
 * Compiles llama.cpp's CPU kernels for the processor that this runs on, once, in about a minute, from the sources that
 * node-llama-cpp brings along and ours. `loadModel` uses them from then on.
 *
 * Why: the prebuilt kernels must run on any processor and were compiled by an old compiler, and they are made for one
 * token and for many. What judging a draft takes, a pass over a few tokens, has kernels of our own (`native/`): they read
 * F16, BF16, F32, Q8_0 and Q4_0 weights and the cache once for all tokens of a pass, and a token's logits are the same
 * bits whatever the number of tokens in its pass (`docs/benchmarks.md`).
 *
 * A library is built again when this package's kernels have changed.
 *
 * Needs git, a C and a C++ compiler (`cc` and `c++`, or what CC and CXX name). Linux only: elsewhere the GPU does the work.
 *
 * @returns The path of the library, `undefined` where a GPU does the work.
 * @throws `unsupported` on other systems or without the tools, `runtime` when compiling fails, or the signal's reason.
 */
export async function buildCpuKernels(options: BuildOptions = {}): Promise<string | undefined> {
  const { gpu = false, onProgress, signal } = options
  const runtime = await openRuntime(gpu)
  if (runtime.gpu !== false) return undefined
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    throw new ForetokenError('unsupported', 'CPU kernels are built on Linux (x64, arm64) only. The prebuilt ones work.')
  }
  const path = kernelsPath(runtime.release)
  if (builtKernels(runtime.release) === undefined) {
    const { c, cpp } = compilers()
    await mustHaveTools(['git', c, cpp], what, ', or go on with the prebuilt ones', signal)
    await buildInFolder(path, what, signal, async (ggml, folder) => {
      onProgress?.(0.05)
      const objects = await compileAll(ggml, folder, availableParallelism(), {
        signal,
        onProgress: (fraction) => onProgress?.(0.05 + 0.9 * fraction),
      })
      const library = join(folder, 'kernels.so')
      // Linked to the very library that is loaded, by its name: there must be one copy of it in a process.
      await runTool(cpp, ['-shared', '-o', library, ...objects, runtime.ggmlBase], what, signal)
      return library
    })
    onProgress?.(1)
  }
  runtime.useKernels(path)
  return path
}
