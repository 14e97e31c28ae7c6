import { ForetokenError } from '@foretoken/core'
import { cacheTypes } from './memory.js'
import type { CacheType } from './memory.js'
import type { Gpu } from './runtime.js'

/** How far a load has come. */
export interface LoadProgress {
  readonly stage: 'download' | 'load'
  /** From 0 to 1. */
  readonly fraction: number
}

export interface LoadOptions {
  /** A GGUF file; of a split model, its first part. Give this or `uri`. */
  readonly path?: string
  /**
   * Where to download the model from, unless it is here already: `hf:user/model:Q4_K_M`, or the https address of a GGUF
   * file. It is kept in the models directory of node-llama-cpp, below the home directory.
   */
  readonly uri?: string
  /** Default `'auto'`: the best accelerator that works here, else the CPU. */
  readonly gpu?: Gpu
  /**
   * Tokens that each sequence can hold. Default: what the model was trained on, at most 8192, and less when memory is
   * short.
   */
  readonly contextSize?: number
  /** How many sequences can be open at a time, from 1 to 256. Each reserves memory for its context. Default 1. */
  readonly sequences?: number
  /**
   * Threads that a pass runs on. Default: the physical cores that this process may use, fewer for a small model, and
   * another number where {@link calibrate} finds one that is clearly quicker.
   */
  readonly threads?: number
  /**
   * Whether to time the model's passes over 1 to 16 tokens, for `passCurve` and for the number of threads. `'auto'`
   * measures when this file is first loaded on this machine with these options: within 1.5 s, in about 0.1 s where passes
   * take less than a millisecond. Later loads take the figures from the cache directory (`~/.cache/foretoken/calibration`)
   * after a look of at most 0.4 s, and measure again if they have become wrong. It takes longer where single passes take
   * longer than 0.2 s: some five of them. `'fresh'` measures in any case; `false` neither measures nor looks. Default
   * `'auto'`.
   */
  readonly calibrate?: 'auto' | 'fresh' | false
  /** How the cache stores keys and values. Default `'f16'`. */
  readonly cacheType?: CacheType
  /**
   * Other machines that compute a part of the layers: `host:port` of each, where `startWorker` or `foretoken worker` runs.
   * The model then lives in a process of its own, which may be lost with a worker: a generation that is under way waits,
   * and goes on from its tokens. When the worker does not come back within a minute, it ends with `worker-lost`.
   */
  readonly workers?: readonly string[]
  /**
   * The proportion of layers that each machine computes: this one first, then the {@link workers}. Default: as their free
   * memory is.
   */
  readonly split?: readonly number[]
  readonly onProgress?: (progress: LoadProgress) => void
  /** Ends the load; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** Told of what works less well than it could. Default: `process.emitWarning`. */
  readonly onWarning?: (message: string) => void
}

/** Options with their defaults, except where the default depends on model or machine. */
export interface CheckedOptions {
  readonly gpu: Gpu
  readonly contextSize: number | undefined
  readonly sequences: number
  readonly threads: number | undefined
  readonly calibrate: 'auto' | 'fresh' | false
  readonly cacheType: CacheType
  readonly onProgress: LoadOptions['onProgress']
  readonly signal: AbortSignal | undefined
  readonly onWarning: (message: string) => void
}

const gpus: readonly Gpu[] = ['auto', 'metal', 'cuda', 'vulkan', false]
const calibrations: readonly CheckedOptions['calibrate'][] = ['auto', 'fresh', false]

/** @throws `invalid-argument` for the first option that is wrong. */
export function checkOptions(options: LoadOptions): CheckedOptions {
  const { gpu = 'auto', sequences = 1, cacheType = 'f16', calibrate = 'auto', contextSize, threads } = options
  if (!gpus.includes(gpu)) refuse('gpu', gpu, "one of 'auto', 'metal', 'cuda', 'vulkan' and false")
  if (!Object.hasOwn(cacheTypes, cacheType))
    refuse('cacheType', cacheType, `one of ${Object.keys(cacheTypes).join(', ')}`)
  if (!within(sequences, 1, 256)) refuse('sequences', sequences, 'a whole number from 1 to 256')
  if (contextSize !== undefined && !within(contextSize, 1, 2 ** 26))
    refuse('contextSize', contextSize, 'a whole number of tokens')
  if (threads !== undefined && !within(threads, 1, 512)) refuse('threads', threads, 'a whole number from 1 to 512')
  if (options.split !== undefined && !options.workers?.length) {
    refuse('split', options.split, 'left out where there are no workers')
  }
  if (!calibrations.includes(calibrate)) refuse('calibrate', calibrate, "one of 'auto', 'fresh' and false")
  return {
    gpu,
    contextSize,
    sequences,
    threads,
    calibrate,
    cacheType,
    onProgress: options.onProgress,
    signal: options.signal,
    onWarning: options.onWarning ?? ((message) => process.emitWarning(message, { code: 'FORETOKEN' })),
  }
}

function within(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most
}

function refuse(option: string, value: unknown, expected: string): never {
  throw new ForetokenError('invalid-argument', `${option}: ${JSON.stringify(value)} must be ${expected}.`)
}
