import { ForetokenError } from '@foretoken/core'
import type { Constraint, FormatDescription } from '@foretoken/core'
import { fitModel } from '../fit.js'
import { inBackground } from '../ffi/calls.js'
import { openModel } from '../ffi/open.js'
import type { Pointer } from '../ffi/structs.js'
import { defaultContext, type ModelInfo } from '../inspect.js'
import { estimateMemory, formatBytes } from '../memory.js'
import { deviceOf, type LlamaModel, type LoadPlan } from '../model.js'
import type { CheckedOptions } from '../options.js'
import { RemoteModel } from '../remote/model.js'
import { RowsFile } from '../remote/rows.js'
import type { Runtime } from '../runtime.js'
import { LlamaTokenizer } from '../tokenizer.js'
import type { ChildStart, Opened } from './child-messages.js'
import { WorkerClient } from './client.js'
import { ensureRpcLibrary } from './library.js'
import { startProcess } from './process.js'
import { Reconnecting } from './reconnect.js'
import { machinesOf, needOf, type SpreadMachine } from './spread-plan.js'
import { type Place, splitLayers } from './split.js'

/** What {@link loadSpread} is told besides the usual. */
export interface SpreadOptions {
  readonly workers: readonly string[]
  readonly split: readonly number[] | undefined
}

/** The near machine, among the places. */
const here = 'here'
/** Left to everything else on the near machine. */
const margin = 0.95
const gone = (): ForetokenError => new ForetokenError('disposed', 'The model was disposed. Load it again.')

/**
 * Loads a model over several machines. The process that holds it is not this one.
 *
 * @param room Bytes that this machine has for its part: of the GPU, where there is one.
 */
export async function loadSpread(
  runtime: Runtime,
  info: ModelInfo,
  room: number,
  { workers: addresses, split }: SpreadOptions,
  options: CheckedOptions,
): Promise<LlamaModel> {
  const { signal, onWarning } = options
  const calls = runtime.calls
  if (calls === undefined) throw new ForetokenError('runtime', `Models cannot be spread: ${runtime.mismatch}.`)
  const library = await ensureRpcLibrary(runtime, { signal })
  const workers = addresses.map((address) => new WorkerClient(address))
  const infos = await Promise.all(workers.map((worker) => worker.info()))
  const wires = new Map<string, { latencyMs: number; bytesPerSecond: number }>()
  for (const worker of workers) {
    const latencyMs = await worker.latency()
    wires.set(worker.address, { latencyMs, bytesPerSecond: await worker.bandwidth(latencyMs) })
  }
  signal?.throwIfAborted()

  const places: Place[] = [{ machine: here, device: runtime.gpu || 'CPU', room: margin * room }]
  for (const [i, { devices, memory }] of infos.entries()) {
    const free = devices.reduce((sum, device) => sum + device.free, 0)
    for (const device of devices) {
      const machine = workers[i]!.address
      places.push({ machine, device: `${device.name} ${device.description}`, room: (memory * device.free) / free })
    }
  }
  const all = places.reduce((sum, place) => sum + place.room, 0)
  const fit = fitModel(
    info,
    { ...options, defaultContext: Math.min(info.contextLength, defaultContext) },
    { memory: all, video: 0, unified: false },
  )
  const contextLength = fit.contextSize
  const memory = estimateMemory(info, { ...options, contextSize: contextLength })
  const need = await needOf(info, memory)
  const layers = splitLayers(places, need, split)
  const nearGpu = runtime.gpu !== false && layers[0]! > 0
  const machines = machinesOf(places, layers, need, wires, nearGpu)
  const near = machines.find(({ machine }) => machine === here)!

  let next = 1
  const layout = {
    rpcPath: library,
    near: layers[0]!,
    workers: await Promise.all(
      workers.map(async (worker, i) => {
        const mine = layers.slice(next, (next += infos[i]!.devices.length))
        return { endpoint: await worker.endpoint(), layers: mine }
      }),
    ),
  }
  const cpu = `CPU${runtime.cpuVariant === undefined ? '' : ` (${runtime.cpuVariant})`}`
  const plan: LoadPlan = {
    info,
    title: `${info.name ?? 'model'} ${info.quantization}, ${formatBytes(info.weightBytes)}`,
    hardware: `${nearGpu ? runtime.gpu : cpu} for ${near.layers[1] - near.layers[0]} of ${info.shape.layers} layers, ${describe(machines)}`,
    onGpuAlone: nearGpu,
    gpu: nearGpu ? runtime.gpu : false,
    gpuLayers: nearGpu ? info.shape.layers + 1 : 0,
    // Those of the near machine's part. What is on workers runs on theirs.
    threads: [options.threads ?? Math.max(1, (await runtime.llama.cpuMathCores) || 1)],
    memory,
    contextLength,
  }

  const vocabulary = await openVocabulary(runtime, info)
  const file = new RowsFile(vocabulary.tokenizer.vocabSize)
  const start = (again: boolean): ChildStart => ({
    gpu: nearGpu ? options.gpu : false,
    plan,
    layout,
    options: {
      sequences: options.sequences,
      cacheType: options.cacheType,
      // What was measured before it was lost still holds.
      calibrate: again ? false : options.calibrate,
    },
  })
  const connection = new Reconnecting({
    workers,
    bytes: workers.map(({ address }) => machines.find(({ machine }) => machine === address)!.bytes),
    release: runtime.release,
    model: plan.title,
    onWarning,
    start: (again, onLink) =>
      startProcess(start(again), file.descriptor, onLink, {
        onProgress: again ? undefined : (fraction) => options.onProgress?.({ stage: 'load', fraction }),
        onWarning,
        signal: again ? undefined : signal,
      }),
  })
  try {
    const { opened } = await connection.open()
    return new SpreadModel({ plan, machines, opened, vocabulary, file, connection })
  } catch (error) {
    file.close()
    await vocabulary.close()
    throw error
  }
}

function describe(machines: readonly SpreadMachine[]): string {
  const far = machines.filter(({ machine }) => machine !== here)
  return far.map(({ machine, layers: [from, to] }) => `${machine} for ${to - from}`).join(', ')
}

interface Vocabulary {
  readonly tokenizer: LlamaTokenizer
  close(): Promise<void>
}

/** The tokenizer answers at once, so it must be here. */
async function openVocabulary(runtime: Runtime, info: ModelInfo): Promise<Vocabulary> {
  const calls = runtime.calls!
  const handle = await openModel(calls, {
    path: info.path,
    gpuLayers: 0,
    vocabularyOnly: true,
    signal: undefined,
    onProgress: undefined,
  })
  if (handle === undefined)
    throw new ForetokenError('model-file', `llama.cpp cannot load the vocabulary of ${info.path}.`)
  const vocab = calls.llama_model_get_vocab(handle) as Pointer
  const tokenizer = new LlamaTokenizer(calls, vocab, info.fingerprint ?? '', info.chatTemplate)
  return {
    tokenizer,
    async close() {
      tokenizer.close()
      await inBackground(calls.llama_model_free, handle)
    },
  }
}

interface SpreadParts {
  readonly plan: LoadPlan
  readonly machines: readonly SpreadMachine[]
  readonly opened: Opened
  readonly vocabulary: Vocabulary
  readonly file: RowsFile
  readonly connection: Reconnecting
}

/** A model of llama.cpp in another process, whose layers are on several machines. */
class SpreadModel extends RemoteModel implements LlamaModel {
  readonly info: ModelInfo
  readonly device: string
  readonly gpu: LlamaModel['gpu']
  readonly threads: number
  readonly memory: LlamaModel['memory']
  readonly path = 'ffi'
  readonly spread: readonly SpreadMachine[]
  declare readonly calibration?: LlamaModel['calibration'] & {}
  private readonly vocabulary: Vocabulary
  private over: Promise<void> | undefined

  constructor({ plan, machines, opened, vocabulary, file, connection }: SpreadParts) {
    const device = deviceOf(plan, opened.threads)
    super({
      description: `${plan.title}, ${device}`,
      served: opened,
      passCurve: opened.calibration?.passes,
      tokenizer: vocabulary.tokenizer,
      file,
      connection,
    })
    this.info = plan.info
    this.device = device
    this.gpu = plan.gpu
    this.threads = opened.threads
    this.memory = plan.memory
    this.spread = machines
    this.vocabulary = vocabulary
    if (opened.calibration) this.calibration = opened.calibration
  }

  async constrain(format: FormatDescription): Promise<Constraint> {
    if (this.over !== undefined) throw gone()
    const { compileFormat } = await import('@foretoken/grammar')
    return compileFormat(format, this.vocabulary.tokenizer)
  }

  override dispose(): Promise<void> {
    this.over ??= super.dispose().then(() => this.vocabulary.close())
    return this.over
  }
}
