import { ForetokenError } from '@foretoken/core'
import { loadThroughPublicApi } from './fallback/load.js'
import { locateModel } from './download.js'
import { fitModel } from './fit.js'
import type { Room } from './fit.js'
import { freeMemory } from './free-memory.js'
import { defaultContext, inspectModel } from './inspect.js'
import type { ModelInfo } from './inspect.js'
import { loadDirectly } from './load-direct.js'
import { formatBytes } from './memory.js'
import type { LlamaModel } from './model.js'
import { checkOptions } from './options.js'
import type { LoadOptions } from './options.js'
import { openRuntime } from './runtime.js'
import type { Runtime } from './runtime.js'
import { defaultThreads, threadChoices } from './threads.js'

/**
 * Loads a GGUF model into llama.cpp.
 *
 * ```ts
 * const target = await loadModel({ path: 'qwen2.5-coder-7b-q4_k_m.gguf' })
 * ```
 *
 * @throws `worker-lost` (one of {@link LoadOptions.workers} cannot be reached or refuses), `invalid-argument`, `model-file` (missing, damaged, or of an unknown architecture), `out-of-memory` (before
 * anything is loaded, with figures), `unsupported` (a model that does not generate text), `runtime` (no llama.cpp works
 * here, or it failed), or the signal's reason.
 */
export async function loadModel(options: LoadOptions): Promise<LlamaModel> {
  const checked = checkOptions(options)
  checked.signal?.throwIfAborted()
  const info = await inspectModel(await locateModel(options))
  mustGenerateText(info)
  const runtime = await openRuntime(checked.gpu)
  checked.signal?.throwIfAborted()
  const room = await roomOf(runtime)
  if (options.workers !== undefined && options.workers.length > 0) {
    const { loadSpread } = await import('./workers/spread.js')
    const spread = { workers: options.workers, split: options.split }
    return loadSpread(runtime, info, runtime.gpu === false ? room.memory : room.video, spread, checked)
  }

  const fit = fitModel(info, { ...checked, defaultContext: Math.min(info.contextLength, defaultContext) }, room)
  if (fit.contextSize > info.contextLength) {
    checked.onWarning(
      `contextSize ${fit.contextSize} is more than the ${info.contextLength} tokens that ${info.path} was trained on: ` +
        'what it writes beyond those may make no sense.',
    )
  }
  const onGpuAlone = fit.gpuLayers > info.shape.layers
  const cores = runtime.llama.cpuMathCores
  const threads =
    checked.threads !== undefined
      ? [checked.threads]
      : onGpuAlone
        ? [await defaultThreads(cores, info.weightBytes)]
        : await threadChoices(cores, info.weightBytes)
  const plan = {
    info,
    title: `${info.name ?? 'model'} ${info.quantization}, ${formatBytes(info.weightBytes)}`,
    hardware: await hardwareOf(runtime, fit.gpuLayers, info.shape.layers + 1),
    onGpuAlone,
    gpu: fit.gpuLayers > 0 ? runtime.gpu : false,
    gpuLayers: fit.gpuLayers,
    threads,
    memory: fit.memory,
    contextLength: fit.contextSize,
  } as const
  if (runtime.calls !== undefined) return loadDirectly(runtime, runtime.calls, plan, checked)
  checked.onWarning(
    `llama.cpp cannot be called directly: ${runtime.mismatch ?? 'unknown reason'}. Going through node-llama-cpp's public ` +
      'API instead: greedy decoding only (no temperature), no fork, and each pass is slower by 0.3 ms and more. ' +
      'Install the version of node-llama-cpp that this package depends on to get these back.',
  )
  return loadThroughPublicApi(runtime, plan, checked)
}

/** Refuses from the file alone what could only fail later. */
function mustGenerateText(info: ModelInfo): void {
  if (info.vocabSize === 0 || info.fingerprint === undefined) {
    throw new ForetokenError(
      'model-file',
      `${info.path} holds no vocabulary (it is ${info.architecture}). Pass a model that generates text.`,
    )
  }
}

async function roomOf(runtime: Runtime): Promise<Room> {
  const memory = await freeMemory(async () => (await runtime.llama.getRamState()).free)
  if (runtime.gpu === false) return { memory, video: 0, unified: false }
  const { free, unifiedSize } = await runtime.llama.getVramState()
  return { memory, video: free, unified: unifiedSize > 0 }
}

const gpuNames = { metal: 'Metal', cuda: 'CUDA', vulkan: 'Vulkan' } as const

async function hardwareOf(runtime: Runtime, gpuLayers: number, layers: number): Promise<string> {
  const cpu = `CPU${runtime.cpuVariant === undefined ? '' : ` (${runtime.cpuVariant})`}`
  if (runtime.gpu === false || gpuLayers === 0) return cpu
  const names = [...new Set(await runtime.llama.getGpuDeviceNames())].join(', ')
  const gpu = `${names || 'GPU'} (${gpuNames[runtime.gpu]})`
  return gpuLayers >= layers ? gpu : `${gpu} for ${gpuLayers} of ${layers} layers, ${cpu}`
}
