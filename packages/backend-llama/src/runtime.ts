import { ForetokenError } from '@foretoken/core'
import type { Llama } from 'node-llama-cpp'
import { builtKernels } from './cpu-kernels/place.js'
import { swapKernels } from './cpu-kernels/swap.js'
import { bindCalls } from './ffi/calls.js'
import type { Calls } from './ffi/calls.js'
import { mappedLibraries, pickLibraries } from './ffi/library.js'
import { layoutMismatch } from './ffi/structs.js'

/** Which accelerator to use. `auto`: the best one that works here, else the CPU. */
export type Gpu = 'auto' | 'metal' | 'cuda' | 'vulkan' | false

/** A loaded llama.cpp. */
export interface Runtime {
  readonly llama: Llama
  /** What it runs on. */
  readonly gpu: 'metal' | 'cuda' | 'vulkan' | false
  /** As llama.cpp names it: `v0.5.0`. */
  readonly release: string
  /** What the CPU code was built for: a processor family (`zen4`), or `this machine`. */
  readonly cpuVariant: string | undefined
  /** Where llama.cpp's base library lies. */
  readonly ggmlBase: string
  /** Puts CPU kernels in place that were built for this machine. Models that are loaded keep theirs. */
  useKernels(path: string): void
  /** Its functions; absent when their layouts are not the ones that we know. */
  readonly calls: Calls | undefined
  /** Why `calls` is absent. */
  readonly mismatch: string | undefined
  /** The last error lines of llama.cpp, oldest first, and forgets them. */
  takeErrors(): Promise<string[]>
}

const ownKernels = 'built for this machine'

const runtimes = new Map<Gpu, Promise<Runtime>>()

/**
 * Loads llama.cpp once for each kind of accelerator and process. It stays loaded: unloading a GPU driver is not safe.
 *
 * @throws `runtime` when there is no prebuilt binary that works here.
 */
export function openRuntime(gpu: Gpu): Promise<Runtime> {
  let runtime = runtimes.get(gpu)
  if (runtime === undefined) {
    runtime = open(gpu)
    runtimes.set(gpu, runtime)
    runtime.catch(() => runtimes.delete(gpu))
  }
  return runtime
}

async function open(gpu: Gpu): Promise<Runtime> {
  const errors: string[] = []
  const { getLlama, LlamaLogLevel } = await import('node-llama-cpp')
  let llama: Llama
  try {
    // `build: 'never'`: without it, a binary that does not start makes node-llama-cpp compile llama.cpp for minutes.
    llama = await getLlama({
      gpu,
      build: 'never',
      skipDownload: true,
      progressLogs: false,
      logLevel: LlamaLogLevel.error,
      logger: (_level, message) => {
        errors.push(message.trim())
        if (errors.length > 20) errors.shift()
      },
    })
  } catch (cause) {
    throw new ForetokenError('runtime', noBinary(gpu), { cause })
  }
  const release = llama.llamaCppRelease.release
  const files = pickLibraries(mappedLibraries(), llama.gpu, release)
  const { calls, mismatch } = bind(files, release)
  let cpuVariant = files?.cpuVariant
  const useKernels = (path: string): void => {
    if (calls === undefined || files?.ggmlCpu === undefined || cpuVariant === ownKernels) return
    if (swapKernels(files, path, files.ggmlCpu)) cpuVariant = ownKernels
  }
  const built = builtKernels(release)
  if (built !== undefined) useKernels(built)
  return {
    llama,
    gpu: llama.gpu,
    release,
    get cpuVariant() {
      return cpuVariant
    },
    ggmlBase: files?.ggmlBase ?? '',
    useKernels,
    calls,
    mismatch,
    async takeErrors() {
      // Log lines reach us through the event loop, so the last ones may still be on their way.
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
      return errors.splice(0)
    },
  }
}

function bind(files: ReturnType<typeof pickLibraries>, release: string): Pick<Runtime, 'calls' | 'mismatch'> {
  if (files === undefined) return { calls: undefined, mismatch: 'its libraries were not found among those loaded' }
  try {
    const calls = bindCalls(files)
    const mismatch = layoutMismatch(release, calls.llama_model_default_params(), calls.llama_context_default_params())
    return mismatch === undefined ? { calls, mismatch } : { calls: undefined, mismatch }
  } catch (error) {
    return { calls: undefined, mismatch: `its functions could not be bound (${(error as Error).message})` }
  }
}

function noBinary(gpu: Gpu): string {
  const wanted = gpu === 'auto' ? '' : gpu === false ? ' for the CPU' : ` for ${gpu}`
  const advice =
    gpu === 'auto' || gpu === false
      ? 'Reinstall node-llama-cpp with optional dependencies, on a platform that it supports (see its documentation).'
      : `Check the driver and that the package @node-llama-cpp/${process.platform}-${process.arch}-${gpu} is installed, or pass gpu: 'auto' or false.`
  return `No prebuilt llama.cpp${wanted} works on this machine. ${advice}`
}
