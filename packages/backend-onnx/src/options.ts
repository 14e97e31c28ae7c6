import { ForetokenError } from '@foretoken/core'
import type { ModelType } from './folder/model-types.js'
import { devices } from './runtime/providers.js'
import type { Provider } from './runtime/providers.js'

/** How far a load has come. */
export interface LoadProgress {
  readonly stage: 'load'
  /** From 0 to 1. */
  readonly fraction: number
}

export interface LoadOptions {
  /** A folder as the Hugging Face Hub lays it out, or an .onnx file in one. */
  readonly path: string
  /** Which of the folder's files. Default: the one closest to the trained weights, fp32 first. */
  readonly type?: ModelType
  /**
   * What to run on. `'auto'` tries what suits the platform and takes what is quickest at a pass over one token; a name falls
   * back to the CPU where it does not work. `model.device` tells. Default `'auto'`.
   */
  readonly device?: 'auto' | Provider
  /** Tokens that each sequence can hold. Default: what the model was trained on, at most 8192. */
  readonly contextSize?: number
  /**
   * How many sequences can be open at a time, from 1 to 256. Passes over one token that wait together run as one where the
   * graph can, all others in turn. Default 1.
   */
  readonly sequences?: number
  /** Threads that a pass runs on. Default: the physical cores that this process may use. */
  readonly threads?: number
  /**
   * Whether 4-bit weights are to be computed with as the file says, most often with activations of 32 bits. Else their
   * activations are rounded to 8 bits, which makes a pass two to five times as fast, and its logits depend a little on how
   * many tokens share it. Default `false`.
   */
  readonly exact?: boolean
  /**
   * Whether to time passes over 1 to 16 tokens, for `passCurve`: within 2 s, most often. What was measured is kept in the
   * user's cache folder, and only looked over at later loads; `'fresh'` measures again. Default `'auto'`.
   */
  readonly calibrate?: 'auto' | 'fresh' | false
  /**
   * Whether to count at load which nodes of the graph run where, for `model.device`: the model is loaded twice for it, so there
   * must be room for both. Default `false`.
   */
  readonly placements?: boolean
  readonly onProgress?: (progress: LoadProgress) => void
  /** Ends the load; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/** Options with their defaults, except where the default depends on model or machine. */
export interface CheckedOptions extends LoadOptions {
  readonly device: 'auto' | Provider
  readonly sequences: number
  readonly exact: boolean
  readonly calibrate: 'auto' | 'fresh' | false
  readonly placements: boolean
}

/** @throws `invalid-argument` for the first option that is wrong. */
export function checkOptions(options: LoadOptions | string): CheckedOptions {
  const given = typeof options === 'string' ? { path: options } : options
  const { path, device = 'auto', sequences = 1, exact = false, calibrate = 'auto', contextSize, threads } = given
  const { placements = false } = given
  if (typeof path !== 'string' || path === '') refuse('path', path, 'the path of a folder or of an .onnx file')
  if (!devices.includes(device)) refuse('device', device, `one of ${devices.join(', ')}`)
  if (!within(sequences, 1, 256)) refuse('sequences', sequences, 'a whole number from 1 to 256')
  if (contextSize !== undefined && !within(contextSize, 1, 2 ** 26))
    refuse('contextSize', contextSize, 'a whole number of tokens')
  if (threads !== undefined && !within(threads, 1, 512)) refuse('threads', threads, 'a whole number from 1 to 512')
  if (typeof exact !== 'boolean') refuse('exact', exact, 'true or false')
  if (!['auto', 'fresh', false].includes(calibrate)) refuse('calibrate', calibrate, "'auto', 'fresh' or false")
  if (typeof placements !== 'boolean') refuse('placements', placements, 'true or false')
  return { ...given, device, sequences, exact, calibrate, placements }
}

function within(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most
}

function refuse(option: string, value: unknown, expected: string): never {
  throw new ForetokenError('invalid-argument', `${option}: ${JSON.stringify(value)} must be ${expected}.`)
}
