import { mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { ForetokenError } from '@foretoken/core'
import type { Calls } from '../ffi/calls.js'
import type { Pointer } from '../ffi/structs.js'
import { freeMemory } from '../free-memory.js'
import { openRuntime } from '../runtime.js'
import type { EngineDevice, EngineReport, EngineStart } from './engine-messages.js'
import { openRpc } from './rpc.js'

/*
 * The process that computes on a worker. Started by worker.ts, and again when it has ended: llama.cpp's server trusts its
 * client, and ends the process when that one says something wrong.
 */

const tell = (report: EngineReport): void => void process.send!(report)

process.on('message', (message: EngineStart | 'ping') => {
  if (message === 'ping') tell({ type: 'pong' })
  else void serve(message).catch((error: unknown) => fail(error))
})
// Without the worker, nobody may be let in.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))

async function serve({ port, library, gpu, names, threads, cacheFolder }: EngineStart): Promise<void> {
  const runtime = await openRuntime(gpu)
  const rpc = openRpc(runtime, library)
  const calls = runtime.calls!
  const devices = chooseDevices(calls, names)
  const used = threads ?? ((await runtime.llama.cpuMathCores) || availableParallelism())
  if (cacheFolder !== undefined) mkdirSync(cacheFolder, { recursive: true })
  tell({
    type: 'ready',
    release: runtime.release,
    threads: used,
    kernels: runtime.cpuVariant,
    devices: await Promise.all(devices.map((device) => describe(calls, device))),
  })
  await rpc.serve(`127.0.0.1:${port}`, devices, { threads: used, cacheFolder })
  throw new ForetokenError('runtime', `llama.cpp could not serve on port ${port}.`)
}

/** `GGML_BACKEND_DEVICE_TYPE_*` */
const [cpu, accelerator] = [0, 3]

/** Those of `names`, or the GPUs, or, where there is none, the CPU. @throws `invalid-argument` for an unknown name. */
function chooseDevices(calls: Calls, names: readonly string[] | undefined): Pointer[] {
  const all = Array.from({ length: Number(calls.ggml_backend_dev_count()) }, (_, i) => calls.ggml_backend_dev_get(i))
  const type = (device: Pointer): number => calls.ggml_backend_dev_type(device)
  if (names === undefined) {
    const gpus = all.filter((device) => type(device) !== cpu && type(device) !== accelerator)
    return gpus.length > 0 ? gpus : all.filter((device) => type(device) === cpu).slice(0, 1)
  }
  return names.map((name) => {
    const found = all.find((device) => calls.ggml_backend_dev_name(device).toLowerCase() === name.toLowerCase())
    if (found !== undefined) return found
    const known = all.map((device) => calls.ggml_backend_dev_name(device)).join(', ')
    throw new ForetokenError('invalid-argument', `There is no device ${name} here. There are: ${known}.`)
  })
}

async function describe(calls: Calls, device: Pointer): Promise<EngineDevice> {
  const [free, total] = [new BigUint64Array(1), new BigUint64Array(1)]
  calls.ggml_backend_dev_memory(device, free, total)
  const onCpu = calls.ggml_backend_dev_type(device) === cpu
  return {
    name: calls.ggml_backend_dev_name(device),
    description: calls.ggml_backend_dev_description(device),
    free: onCpu ? await freeMemory() : Number(free[0]),
    total: Number(total[0]),
  }
}

function fail(error: unknown): void {
  const code = ForetokenError.is(error) ? error.code : 'runtime'
  tell({ type: 'failed', code, message: error instanceof Error ? error.message : String(error) })
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), 100)
}
