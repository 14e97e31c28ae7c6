import koffi from 'koffi'
import { inBackground } from './calls.js'
import type { Calls } from './calls.js'
import { NativeContext } from './context.js'
import type { ContextSizes } from './context.js'
import { Memory } from './memory.js'
import type { Params, Pointer } from './structs.js'

const flashAttention = 1
const f16 = 1

/** Which of a model's layers are computed elsewhere. */
export interface Spread {
  /** In the order in which a pass goes through them, each with its number of layers. */
  readonly workers: readonly { readonly device: Pointer; readonly layers: number }[]
  /** How many layers stay: on the GPU, where there is one, after those of the workers; else on the CPU, before them. */
  readonly near: number
}

export interface OpenModel {
  readonly path: string
  /** 0: no device but the CPU is used at all. */
  readonly gpuLayers: number
  readonly spread?: Spread | undefined
  /** Nothing but the vocabulary. Default `false`. */
  readonly vocabularyOnly?: boolean
  readonly signal: AbortSignal | undefined
  readonly onProgress: ((fraction: number) => void) | undefined
}

/**
 * Loads a model's weights on another thread.
 *
 * @returns Nothing when llama.cpp refuses the file.
 * @throws The signal's reason.
 */
export async function openModel(calls: Calls, options: OpenModel): Promise<Pointer | undefined> {
  const { signal, onProgress } = options
  const placement = place(calls, options)
  const progress =
    signal === undefined && onProgress === undefined
      ? undefined
      : koffi.register(
          (fraction: number) => {
            onProgress?.(Math.min(1, fraction))
            return signal?.aborted !== true
          },
          koffi.pointer(koffi.proto('bool', ['float', 'void *'])),
        )
  try {
    const model = await inBackground(calls.llama_model_load_from_file, options.path, {
      ...calls.llama_model_default_params(),
      ...placement.params,
      vocab_only: options.vocabularyOnly ?? false,
      progress_callback: progress ?? null,
    })
    if (model === null || model === 0n) {
      signal?.throwIfAborted()
      return undefined
    }
    return model
  } finally {
    if (progress !== undefined) koffi.unregister(progress)
    placement.free()
  }
}

/** `GGML_BACKEND_DEVICE_TYPE_*` */
const [cpu, gpu, integrated] = [0, 1, 2]
/** At least as long as llama.cpp reads it. */
const mostDevices = 512
/** Output weights (or an embedding that serves as such): near, so that no logits go over the wire. */
const outputs = '^(output|token_embd)\\.|^output_norm\\.'

/** What goes where, in memory that must live until the model is loaded. */
function place(calls: Calls, { gpuLayers, spread }: OpenModel): { params: Params; free: () => void } {
  const memory = new Memory()
  const free = (): void => memory.free()
  if (spread === undefined) {
    return { params: { n_gpu_layers: gpuLayers, devices: gpuLayers === 0 ? memory.pointers([0n]) : null }, free }
  }
  const count = Number(calls.ggml_backend_dev_count())
  const local = Array.from({ length: count }, (_, index) => calls.ggml_backend_dev_get(index))
  const typed = (types: number[]): Pointer[] =>
    local.filter((device) => types.includes(calls.ggml_backend_dev_type(device)))
  const gpus = gpuLayers === 0 ? [] : typed([gpu, integrated])
  const devices = [...spread.workers.map(({ device }) => device), ...gpus]
  const layers = spread.workers.map((worker) => worker.layers)
  if (gpus.length > 0) {
    // llama.cpp counts the output as one more layer.
    gpus.forEach((_, index) => layers.push(Math.ceil((spread.near + 1 - index) / gpus.length)))
    const params = {
      n_gpu_layers: layers.reduce((sum, each) => sum + each, 0),
      devices: memory.pointers([...devices, 0n]),
    }
    return { params: { ...params, tensor_split: memory.floats(layers, mostDevices) }, free }
  }
  // Those of the workers come last, and the output counts as one of them, though its weights stay.
  layers[layers.length - 1]!++
  const buffer = calls.ggml_backend_dev_buffer_type(typed([cpu])[0]!)
  const params = {
    n_gpu_layers: layers.reduce((sum, each) => sum + each, 0),
    devices: memory.pointers([...devices, 0n]),
    tensor_split: memory.floats(layers, mostDevices),
    tensor_buft_overrides: memory.pointers([memory.text(outputs), buffer, 0n, 0n]),
  }
  return { params, free }
}

/**
 * Makes a model's context, with its thread pool.
 *
 * @returns Nothing when llama.cpp refuses.
 */
export async function openContext(
  calls: Calls,
  model: Pointer,
  threads: number,
  sizes: ContextSizes,
): Promise<NativeContext | undefined> {
  const context = await inBackground(calls.llama_init_from_model, model, {
    ...calls.llama_context_default_params(),
    n_ctx: sizes.cells,
    n_batch: sizes.tokensPerPass,
    n_ubatch: sizes.tokensPerPass,
    n_seq_max: sizes.sequences,
    n_outputs_max: sizes.rowsPerPass,
    n_threads: threads,
    n_threads_batch: threads,
    type_k: sizes.cacheType,
    type_v: sizes.cacheType,
    // A cache of other types than these works with flash attention only; elsewhere llama.cpp knows best.
    ...(sizes.cacheType > f16 ? { flash_attn_type: flashAttention } : {}),
    // One cache for all sequences: a pass over sequences of different lengths costs what its tokens cost.
    kv_unified: true,
    // Sliding windows are kept in full, or the end of a sequence could not be dropped.
    swa_full: true,
  })
  if (context === null || context === 0n) return undefined
  return new NativeContext(calls, context, threads, sizes)
}
