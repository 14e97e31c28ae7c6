import koffi from 'koffi'
import type { LibraryFiles } from './library.js'
import { batchStruct, contextParams, modelParams } from './structs.js'
import type { Params, Pointer } from './structs.js'

export type Call<Args extends unknown[], Result> = ((...args: Args) => Result) & {
  async: (...args: [...Args, (error: unknown, result: Result) => void]) => void
}

/** A `llama_batch`, to be passed by value. Mutable, so that it is made once for each model. */
export interface BatchStruct {
  n_tokens: number
  token: Pointer
  embd: null
  pos: Pointer
  n_seq_id: Pointer
  seq_id: Pointer
  logits: Pointer
}

/** The functions of llama.cpp that we call, named as there. */
export interface Calls {
  llama_model_default_params: Call<[], Params>
  llama_context_default_params: Call<[], Params>
  llama_model_load_from_file: Call<[path: string, params: Params], Pointer | null>
  llama_model_free: Call<[model: Pointer], void>
  llama_init_from_model: Call<[model: Pointer, params: Params], Pointer | null>
  llama_free: Call<[context: Pointer], void>

  llama_decode: Call<[context: Pointer, batch: BatchStruct], number>
  llama_synchronize: Call<[context: Pointer], void>
  llama_get_logits: Call<[context: Pointer], Pointer | null>
  llama_attach_threadpool: Call<[context: Pointer, one: Pointer, many: Pointer], void>
  llama_detach_threadpool: Call<[context: Pointer], void>
  llama_set_n_threads: Call<[context: Pointer, one: number, many: number], void>

  llama_get_memory: Call<[context: Pointer], Pointer | null>
  llama_memory_clear: Call<[memory: Pointer, data: boolean], void>
  llama_memory_seq_rm: Call<[memory: Pointer, sequence: number, from: number, to: number], boolean>
  llama_memory_seq_cp: Call<[memory: Pointer, source: number, target: number, from: number, to: number], void>
  llama_memory_seq_pos_max: Call<[memory: Pointer, sequence: number], number>
  llama_state_seq_get_size_ext: Call<[context: Pointer, sequence: number, flags: number], number>
  llama_state_seq_get_data_ext: Call<
    [context: Pointer, to: Uint8Array, size: number, sequence: number, flags: number],
    number
  >
  llama_state_seq_set_data_ext: Call<
    [context: Pointer, from: Uint8Array, size: number, sequence: number, flags: number],
    number
  >

  llama_model_get_vocab: Call<[model: Pointer], Pointer | null>
  llama_model_has_encoder: Call<[model: Pointer], boolean>
  llama_model_has_decoder: Call<[model: Pointer], boolean>
  llama_model_is_diffusion: Call<[model: Pointer], boolean>
  llama_vocab_n_tokens: Call<[vocab: Pointer], number>
  llama_vocab_is_eog: Call<[vocab: Pointer, token: number], boolean>
  llama_vocab_bos: Call<[vocab: Pointer], number>
  llama_vocab_eos: Call<[vocab: Pointer], number>
  llama_vocab_get_add_bos: Call<[vocab: Pointer], boolean>
  llama_tokenize: Call<
    [
      vocab: Pointer,
      text: Uint8Array,
      length: number,
      tokens: Int32Array,
      room: number,
      start: boolean,
      special: boolean,
    ],
    number
  >
  llama_token_to_piece: Call<
    [vocab: Pointer, token: number, text: Uint8Array, room: number, skip: number, special: boolean],
    number
  >

  ggml_threadpool_params_init: Call<[params: Uint8Array, threads: number], void>
  ggml_backend_load: Call<[path: string], Pointer | null>
  ggml_backend_dev_count: Call<[], number>
  ggml_backend_dev_get: Call<[index: number], Pointer>
  ggml_backend_dev_type: Call<[device: Pointer], number>
  ggml_backend_dev_name: Call<[device: Pointer], string>
  ggml_backend_dev_description: Call<[device: Pointer], string>
  ggml_backend_dev_memory: Call<[device: Pointer, free: BigUint64Array, total: BigUint64Array], void>
  ggml_backend_dev_buffer_type: Call<[device: Pointer], Pointer>
  ggml_backend_reg_dev_count: Call<[registry: Pointer], number>
  ggml_backend_reg_dev_get: Call<[registry: Pointer, index: number], Pointer>
  ggml_backend_dev_by_type: Call<[type: number], Pointer | null>
  ggml_backend_dev_backend_reg: Call<[device: Pointer], Pointer | null>
  ggml_backend_reg_get_proc_address: Call<[registry: Pointer, name: string], Pointer | null>
}

const bound = new Map<string, Calls>()

/** Binds the functions of a llama.cpp that is mapped already. Once for each build and process. */
export function bindCalls(files: LibraryFiles): Calls {
  const known = bound.get(files.llama)
  if (known !== undefined) return known
  // llama.cpp needs far more stack than the 128 KiB that koffi gives an asynchronous call. Read when a call is made.
  if ((koffi.config().async_stack_size ?? 0) < 8 << 20) koffi.config({ async_stack_size: 8 << 20 })

  const llama = koffi.load(files.llama)
  const ggml = koffi.load(files.ggml)
  const base = koffi.load(files.ggmlBase)
  const calls: Record<keyof Calls, unknown> = {
    llama_model_default_params: llama.func('llama_model_default_params', modelParams, []),
    llama_context_default_params: llama.func('llama_context_default_params', contextParams, []),
    llama_model_load_from_file: llama.func('llama_model_load_from_file', 'void *', ['str', modelParams]),
    llama_model_free: llama.func('llama_model_free', 'void', ['void *']),
    llama_init_from_model: llama.func('llama_init_from_model', 'void *', ['void *', contextParams]),
    llama_free: llama.func('llama_free', 'void', ['void *']),

    llama_decode: llama.func('llama_decode', 'int32_t', ['void *', batchStruct]),
    llama_synchronize: llama.func('llama_synchronize', 'void', ['void *']),
    llama_get_logits: llama.func('llama_get_logits', 'void *', ['void *']),
    llama_attach_threadpool: llama.func('llama_attach_threadpool', 'void', ['void *', 'void *', 'void *']),
    llama_detach_threadpool: llama.func('llama_detach_threadpool', 'void', ['void *']),
    llama_set_n_threads: llama.func('llama_set_n_threads', 'void', ['void *', 'int32_t', 'int32_t']),

    llama_get_memory: llama.func('llama_get_memory', 'void *', ['void *']),
    llama_memory_clear: llama.func('llama_memory_clear', 'void', ['void *', 'bool']),
    llama_memory_seq_rm: llama.func('llama_memory_seq_rm', 'bool', ['void *', 'int32_t', 'int32_t', 'int32_t']),
    llama_memory_seq_cp: llama.func('llama_memory_seq_cp', 'void', [
      'void *',
      'int32_t',
      'int32_t',
      'int32_t',
      'int32_t',
    ]),
    llama_memory_seq_pos_max: llama.func('llama_memory_seq_pos_max', 'int32_t', ['void *', 'int32_t']),
    llama_state_seq_get_size_ext: llama.func('llama_state_seq_get_size_ext', 'size_t', [
      'void *',
      'int32_t',
      'uint32_t',
    ]),
    llama_state_seq_get_data_ext: llama.func('llama_state_seq_get_data_ext', 'size_t', [
      'void *',
      'void *',
      'size_t',
      'int32_t',
      'uint32_t',
    ]),
    llama_state_seq_set_data_ext: llama.func('llama_state_seq_set_data_ext', 'size_t', [
      'void *',
      'void *',
      'size_t',
      'int32_t',
      'uint32_t',
    ]),

    llama_model_get_vocab: llama.func('llama_model_get_vocab', 'void *', ['void *']),
    llama_model_has_encoder: llama.func('llama_model_has_encoder', 'bool', ['void *']),
    llama_model_has_decoder: llama.func('llama_model_has_decoder', 'bool', ['void *']),
    llama_model_is_diffusion: llama.func('llama_model_is_diffusion', 'bool', ['void *']),
    llama_vocab_n_tokens: llama.func('llama_vocab_n_tokens', 'int32_t', ['void *']),
    llama_vocab_is_eog: llama.func('llama_vocab_is_eog', 'bool', ['void *', 'int32_t']),
    llama_vocab_bos: llama.func('llama_vocab_bos', 'int32_t', ['void *']),
    llama_vocab_eos: llama.func('llama_vocab_eos', 'int32_t', ['void *']),
    llama_vocab_get_add_bos: llama.func('llama_vocab_get_add_bos', 'bool', ['void *']),
    llama_tokenize: llama.func('llama_tokenize', 'int32_t', [
      'void *',
      'void *',
      'int32_t',
      'void *',
      'int32_t',
      'bool',
      'bool',
    ]),
    llama_token_to_piece: llama.func('llama_token_to_piece', 'int32_t', [
      'void *',
      'int32_t',
      'void *',
      'int32_t',
      'int32_t',
      'bool',
    ]),

    ggml_threadpool_params_init: base.func('ggml_threadpool_params_init', 'void', ['void *', 'int']),
    ggml_backend_load: ggml.func('ggml_backend_load', 'void *', ['str']),
    ggml_backend_dev_count: ggml.func('ggml_backend_dev_count', 'size_t', []),
    ggml_backend_dev_get: ggml.func('ggml_backend_dev_get', 'void *', ['size_t']),
    ggml_backend_dev_type: base.func('ggml_backend_dev_type', 'int', ['void *']),
    ggml_backend_dev_name: base.func('ggml_backend_dev_name', 'str', ['void *']),
    ggml_backend_dev_description: base.func('ggml_backend_dev_description', 'str', ['void *']),
    ggml_backend_dev_memory: base.func('ggml_backend_dev_memory', 'void', ['void *', 'void *', 'void *']),
    ggml_backend_dev_buffer_type: base.func('ggml_backend_dev_buffer_type', 'void *', ['void *']),
    ggml_backend_reg_dev_count: base.func('ggml_backend_reg_dev_count', 'size_t', ['void *']),
    ggml_backend_reg_dev_get: base.func('ggml_backend_reg_dev_get', 'void *', ['void *', 'size_t']),
    ggml_backend_dev_by_type: ggml.func('ggml_backend_dev_by_type', 'void *', ['int']),
    ggml_backend_dev_backend_reg: base.func('ggml_backend_dev_backend_reg', 'void *', ['void *']),
    ggml_backend_reg_get_proc_address: base.func('ggml_backend_reg_get_proc_address', 'void *', ['void *', 'str']),
  }
  bound.set(files.llama, calls as Calls)
  return calls as Calls
}

/** Runs a call on a worker thread of koffi. What it touches must live until the promise settles. */
export function inBackground<Args extends unknown[], Result>(call: Call<Args, Result>, ...args: Args): Promise<Result> {
  return new Promise((resolve, reject) => {
    call.async(...args, (error, result) => {
      if (error === null || error === undefined) resolve(result)
      else reject(error as Error)
    })
  })
}
