import koffi from 'koffi'
import type { Calls } from './calls.js'
import type { Pointer } from './structs.js'

const cpuDevice = 0
const masks = 512
const size = masks + 16
const poll = masks + 8

/** Worker threads of one model, which live as long as it does. */
export interface ThreadPool {
  readonly pointer: Pointer
  free(): void
}

/**
 * Makes the pool that a model's passes run on. The prebuilt CPU libraries come without OpenMP: with no pool attached they
 * start and join threads in every pass, which costs more than the pass of a small model.
 *
 * Workers sleep between passes (no polling): a target and its draft alternate, and workers that spin while they wait take
 * the cores from the other model's pass.
 *
 * @returns Nothing when the runtime has no such function or lays its parameters out in another way; it works without.
 */
export function createThreadPool(calls: Calls, threads: number): ThreadPool | undefined {
  if (threads < 2) return undefined
  const device = calls.ggml_backend_dev_by_type(cpuDevice)
  if (!device) return undefined
  const registry = calls.ggml_backend_dev_backend_reg(device)
  if (!registry) return undefined
  const create = calls.ggml_backend_reg_get_proc_address(registry, 'ggml_threadpool_new')
  const free = calls.ggml_backend_reg_get_proc_address(registry, 'ggml_threadpool_free')
  if (!create || !free) return undefined

  const params = Buffer.alloc(size, 0)
  calls.ggml_threadpool_params_init(params, threads)
  if (params.readInt32LE(masks) !== threads || params.readUInt32LE(poll) !== 50) return undefined
  params.writeUInt32LE(0, poll)

  const pointer = koffi.call(create, koffi.proto('void *', ['void *']), params) as Pointer | null
  if (!pointer) return undefined
  return { pointer, free: () => void koffi.call(free, koffi.proto('void', ['void *']), pointer) }
}
