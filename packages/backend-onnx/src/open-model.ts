import { ForetokenError } from '@foretoken/core'
import { calibrate } from './calibration/calibrate.js'
import { calibrationKey } from './calibration/store.js'
import type { ModelFolder } from './folder/open-folder.js'
import { WorkerModel } from './model.js'
import type { OnnxModel } from './model.js'
import type { CheckedOptions } from './options.js'
import { Host } from './runtime/host.js'
import type { Opened } from './runtime/messages.js'
import { candidates, thisMachine } from './runtime/providers.js'
import { defaultThreads } from './runtime/threads.js'

/** What is kept of the context that a model was trained on, unless more is asked for. */
const defaultContext = 8192

let models = 0

/** Loads what a folder holds into the worker. */
export async function openModel(folder: ModelFolder, options: CheckedOptions): Promise<OnnxModel> {
  const { signal } = options
  const threads = options.threads ?? (await defaultThreads())
  const contextLength = contextOf(folder, options)
  const id = ++models
  const host = Host.acquire()
  const opening = host.call({
    op: 'open',
    model: id,
    file: folder.modelFile,
    static: folder.static,
    providers: candidates(options.device, folder.static !== undefined, thisMachine()),
    asked: options.device !== 'auto',
    contextLength,
    sequences: options.sequences,
    config: folder.config,
    threads,
    exact: options.exact,
    placements: options.placements,
  })
  let opened: Opened
  try {
    opened = await unlessAborted(opening, signal)
  } catch (error) {
    // The worker cannot be stopped while it loads: nobody waits for it.
    const closing = opening.then(() => host.call({ op: 'close', model: id }))
    void closing.catch(() => {}).finally(() => host.release())
    throw error
  }
  const model = new WorkerModel({
    host,
    id,
    opened,
    threads,
    description: describe(folder, opened, threads),
    contextLength,
    file: folder.modelFile,
    tokenizer: folder.tokenizer,
    sequences: options.sequences,
  })
  try {
    if (options.calibrate !== false) {
      const { runtime, patched, report } = opened
      const how = { runtime, device: report.provider, threads, contextLength, patched }
      const key = await calibrationKey(folder.modelFile, how)
      model.passCurve = await calibrate(model, key, { fresh: options.calibrate === 'fresh', signal })
    }
    return model
  } catch (error) {
    await model.dispose()
    throw error
  }
}

/** The value, or the signal's reason once it is aborted. */
async function unlessAborted<Value>(value: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return value
  let abort = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error)
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
  })
  try {
    return await Promise.race([value, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Beyond what the model was trained on, graphs have no positions. */
function contextOf({ config }: ModelFolder, { contextSize }: CheckedOptions): number {
  if (contextSize === undefined) return Math.min(config.contextLength, defaultContext)
  if (contextSize <= config.contextLength) return contextSize
  throw new ForetokenError(
    'invalid-argument',
    `contextSize: ${contextSize} is more than the ${config.contextLength} tokens that the model was made for.`,
  )
}

const names = { cpu: 'CPU', coreml: 'CoreML', webgpu: 'WebGPU', dml: 'DirectML', cuda: 'CUDA' } as const

/** `llama fp32, CPU (ONNX Runtime), 2 threads` */
function describe({ config, type }: ModelFolder, { report, patched }: Opened, threads: number): string {
  const count = `${threads} thread${threads === 1 ? '' : 's'}`
  return [
    `${config.modelType} ${type}`,
    `${names[report.provider]} (ONNX Runtime)`,
    ...(report.provider === 'cpu' ? [count] : []),
    ...(patched ? ['activations of 8 bits'] : []),
  ].join(', ')
}
