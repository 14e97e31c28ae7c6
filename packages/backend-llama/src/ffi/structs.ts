import koffi from 'koffi'
import { ForetokenError } from '@foretoken/core'

/** An address in the runtime's memory. `0n` and `null` are no address. */
export type Pointer = bigint

/**
 * The llama.cpp releases whose structs have exactly the layouts below. They are passed by value, so with any other
 * layout the runtime would run on garbage without a word.
 */
export const knownReleases: ReadonlySet<string> = new Set(['v0.4.0', 'v0.5.0'])

/** `llama_model_params` */
export const modelParams = koffi.struct({
  devices: 'void *',
  tensor_buft_overrides: 'void *',
  n_gpu_layers: 'int32_t',
  split_mode: 'int32_t',
  load_mode: 'int32_t',
  lazy_mode: 'int32_t',
  main_gpu: 'int32_t',
  tensor_split: 'void *',
  progress_callback: 'void *',
  progress_callback_user_data: 'void *',
  kv_overrides: 'void *',
  vocab_only: 'bool',
  check_tensors: 'bool',
  use_extra_bufts: 'bool',
  no_host: 'bool',
  no_alloc: 'bool',
  load_mtp: 'bool',
})

/** `llama_context_params` */
export const contextParams = koffi.struct({
  n_ctx: 'uint32_t',
  n_batch: 'uint32_t',
  n_ubatch: 'uint32_t',
  n_seq_max: 'uint32_t',
  n_rs_seq: 'uint32_t',
  n_outputs_max: 'uint32_t',
  n_outputs_max_per_seq: 'uint32_t',
  n_threads: 'int32_t',
  n_threads_batch: 'int32_t',
  ctx_type: 'int32_t',
  rope_scaling_type: 'int32_t',
  pooling_type: 'int32_t',
  attention_type: 'int32_t',
  flash_attn_type: 'int32_t',
  rope_freq_base: 'float',
  rope_freq_scale: 'float',
  yarn_ext_factor: 'float',
  yarn_attn_factor: 'float',
  yarn_beta_fast: 'float',
  yarn_beta_slow: 'float',
  yarn_orig_ctx: 'uint32_t',
  defrag_thold: 'float',
  cb_eval: 'void *',
  cb_eval_user_data: 'void *',
  type_k: 'int32_t',
  type_v: 'int32_t',
  abort_callback: 'void *',
  abort_callback_data: 'void *',
  embeddings: 'bool',
  offload_kqv: 'bool',
  no_perf: 'bool',
  op_offload: 'bool',
  swa_full: 'bool',
  kv_unified: 'bool',
  samplers: 'void *',
  n_samplers: 'size_t',
  ctx_other: 'void *',
})

/** `llama_batch` */
export const batchStruct = koffi.struct({
  n_tokens: 'int32_t',
  token: 'void *',
  embd: 'void *',
  pos: 'void *',
  n_seq_id: 'void *',
  seq_id: 'void *',
  logits: 'void *',
})

/** Fields of a params struct, by their names in `llama.h`. */
export type Params = Record<string, number | boolean | bigint | null>

/**
 * What the defaults must read as if the layouts fit: values at the start, in the middle and at the end of each struct.
 * A field more or less anywhere shifts at least one of them.
 */
const modelSentinels: Params = {
  devices: null,
  tensor_buft_overrides: null,
  n_gpu_layers: -1,
  split_mode: 1,
  load_mode: -1,
  lazy_mode: 1,
  main_gpu: 0,
  tensor_split: null,
  progress_callback: null,
  progress_callback_user_data: null,
  kv_overrides: null,
  vocab_only: false,
  check_tensors: false,
  use_extra_bufts: true,
  no_host: false,
  no_alloc: false,
  load_mtp: false,
}

const contextSentinels: Params = {
  n_ctx: 512,
  n_batch: 2048,
  n_ubatch: 512,
  n_seq_max: 1,
  n_rs_seq: 0,
  n_outputs_max: 0,
  n_outputs_max_per_seq: 1,
  n_threads: 4,
  n_threads_batch: 4,
  rope_scaling_type: -1,
  pooling_type: -1,
  attention_type: -1,
  flash_attn_type: -1,
  rope_freq_base: 0,
  rope_freq_scale: 0,
  yarn_ext_factor: -1,
  yarn_beta_slow: -1,
  yarn_orig_ctx: 0,
  defrag_thold: -1,
  cb_eval: null,
  type_k: 1,
  type_v: 1,
  abort_callback: null,
  embeddings: false,
  offload_kqv: true,
  no_perf: true,
  op_offload: true,
  swa_full: true,
  kv_unified: false,
  samplers: null,
  ctx_other: null,
}

/** Says why the layouts above do not fit the runtime, or nothing if they do. */
export function layoutMismatch(release: string, modelDefaults: Params, contextDefaults: Params): string | undefined {
  if (!knownReleases.has(release)) {
    return `its release ${release} is not one that this version knows (${[...knownReleases].join(', ')})`
  }
  return firstDifference(modelDefaults, modelSentinels) ?? firstDifference(contextDefaults, contextSentinels)
}

function firstDifference(actual: Params, expected: Params): string | undefined {
  for (const [field, value] of Object.entries(expected)) {
    const found = actual[field]
    const same = value === null ? found === null || found === 0n : found === value
    if (!same) return `the default of ${field} reads ${String(found)} where ${String(value)} was expected`
  }
  return undefined
}

/** Turns a null result of the runtime into an error. */
export function notNull(pointer: Pointer | null, message: string): Pointer {
  if (pointer === null || pointer === 0n) throw new ForetokenError('runtime', message)
  return pointer
}
