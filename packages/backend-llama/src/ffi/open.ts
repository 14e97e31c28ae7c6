import koffi from 'koffi'
import { inBackground } from './calls.js'
import type { Calls } from './calls.js'
import { NativeContext } from './context.js'
import type { ContextSizes } from './context.js'
import type { Pointer } from './structs.js'

const flashAttention = 1
const f16 = 1

export interface OpenModel {
  readonly path: string
  /** 0: no device but the CPU is used at all. */
  readonly gpuLayers: number
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
  const noDevices = koffi.alloc('void *', 1) as Pointer
  koffi.encode(noDevices, 'void *', null)
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
      n_gpu_layers: options.gpuLayers,
      devices: options.gpuLayers === 0 ? noDevices : null,
      progress_callback: progress ?? null,
    })
    if (model === null || model === 0n) {
      signal?.throwIfAborted()
      return undefined
    }
    return model
  } finally {
    if (progress !== undefined) koffi.unregister(progress)
    koffi.free(noDevices)
  }
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
