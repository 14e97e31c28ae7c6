import koffi from 'koffi'
import { ForetokenError } from '@foretoken/core'
import { inBackground } from '../ffi/calls.js'
import type { Call } from '../ffi/calls.js'
import type { Pointer } from '../ffi/structs.js'
import type { Runtime } from '../runtime.js'

/** llama.cpp's RPC backend. */
export interface Rpc {
  /** The devices behind `endpoint` (an IPv4 address and port). llama.cpp ends the process where nobody answers. */
  devicesOf(endpoint: string): Promise<Pointer[]>
  /** Serves `devices` on an IPv4 address and port, one client at a time, for ever: resolves when it could not. */
  serve(endpoint: string, devices: readonly Pointer[], options: ServeOptions): Promise<void>
}

export interface ServeOptions {
  readonly threads: number
  /** Where weights are kept, so that they need not come over the wire again. */
  readonly cacheFolder: string | undefined
}

const loaded = new Map<string, Pointer>()

/** @param library As `ensureRpcLibrary` gives it. @throws `runtime` when llama.cpp does not take it. */
export function openRpc(runtime: Runtime, library: string): Rpc {
  const { calls } = runtime
  if (calls === undefined) {
    throw new ForetokenError(
      'runtime',
      `llama.cpp cannot be called directly (${runtime.mismatch}), so models cannot be spread. Install the version of ` +
        'node-llama-cpp that this package depends on.',
    )
  }
  const registry = loaded.get(library) ?? calls.ggml_backend_load(library)
  if (!registry) {
    throw new ForetokenError('runtime', `llama.cpp cannot load ${library}. Delete it, so that it is built again.`)
  }
  loaded.set(library, registry)
  const find = <Args extends unknown[], Result>(name: string, result: string, args: string[]): Call<Args, Result> => {
    const pointer = calls.ggml_backend_reg_get_proc_address(registry, name)
    return koffi.decode(pointer!, koffi.proto(result, args)) as Call<Args, Result>
  }
  return {
    async devicesOf(endpoint) {
      const add = find<[string], Pointer | null>('ggml_backend_rpc_add_server', 'void *', ['str'])
      const server = await inBackground(add, endpoint)
      if (!server) throw new ForetokenError('runtime', `The worker at ${endpoint} offers no device.`)
      const count = Number(calls.ggml_backend_reg_dev_count(server))
      return Array.from({ length: count }, (_, index) => calls.ggml_backend_reg_dev_get(server, index))
    },
    async serve(endpoint, devices, { threads, cacheFolder }) {
      const serve = find<[string, string | null, number, number, BigUint64Array], void>(
        'ggml_backend_rpc_start_server',
        'void',
        ['str', 'str', 'size_t', 'size_t', 'void *'],
      )
      const list = BigUint64Array.from(devices)
      await inBackground(serve, endpoint, cacheFolder ?? null, threads, devices.length, list)
    },
  }
}
