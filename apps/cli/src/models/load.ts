import { existsSync } from 'node:fs'
import type { LlamaModel, LoadOptions } from '@foretoken/backend-llama'
import type { OnnxModel } from '@foretoken/backend-onnx'
import { ForetokenError } from '@foretoken/core'
import type { ModelFlags } from '../options.js'
import { createPatientProgress } from '../terminal/progress.js'
import { paintFor, printLine, type Terminal } from '../terminal/terminal.js'
import { backendOf } from './backend.js'
import { spreadLines } from './spread.js'

/** A model, whatever runs it. */
export type LoadedModel = LlamaModel | OnnxModel

export const isLlama = (model: LoadedModel): model is LlamaModel => 'info' in model

type Flags = Pick<ModelFlags, 'backend' | 'gpu' | 'device' | 'threads' | 'context'>
type Options = Pick<LoadOptions, 'sequences' | 'calibrate' | 'workers' | 'split'>

/** Loads one model as the flags say. Progress and warnings go to stderr. */
export async function openModel(
  file: string,
  flags: Flags,
  terminal: Terminal,
  options: Options = {},
): Promise<LoadedModel> {
  return backendOf(file, flags) === 'onnx'
    ? openOnnx(file, flags, terminal, options)
    : openGguf(file, flags, terminal, options)
}

/** The same for the target, which may be spread over several machines; what is where is told on stderr. */
export async function openTarget(
  file: string,
  flags: Flags & Pick<ModelFlags, 'workers' | 'split'>,
  terminal: Terminal,
  options: Options = {},
): Promise<LoadedModel> {
  const { workers, split } = flags
  if (workers === undefined && split === undefined) return openModel(file, flags, terminal, options)
  if (workers === undefined)
    throw new ForetokenError('invalid-argument', '--split says how --workers share: name them.')
  if (backendOf(file, flags) === 'onnx') {
    throw new ForetokenError(
      'invalid-argument',
      '--workers compute for GGUF models: leave it out, or name a GGUF file.',
    )
  }
  const model = await openGguf(file, flags, terminal, { ...options, workers, ...(split && { split }) })
  for (const line of spreadLines(model, paintFor(terminal, 'err'))) printLine(terminal.err, line)
  return model
}

/** The same for one that llama.cpp runs. */
export async function openGguf(
  file: string,
  flags: Flags,
  terminal: Terminal,
  options: Options = {},
): Promise<LlamaModel> {
  // The runtime takes half a second to start: commands that need no model do not wait for it.
  const { loadModel } = await import('@foretoken/backend-llama')
  return patiently(file, terminal, (onProgress) =>
    loadModel({
      ...(isAddress(file) ? { uri: file } : { path: file }),
      gpu: flags.gpu,
      ...common(flags),
      ...options,
      signal: terminal.signal,
      onWarning: (message) => printLine(terminal.err, `warning: ${message}`),
      onProgress,
    }),
  )
}

async function openOnnx(
  file: string,
  flags: Flags,
  terminal: Terminal,
  options: Pick<Options, 'sequences' | 'calibrate'>,
): Promise<OnnxModel> {
  const { loadModel } = await import('@foretoken/backend-onnx')
  return patiently(file, terminal, (onProgress) =>
    loadModel({
      path: file,
      ...(flags.device !== undefined && { device: flags.device }),
      ...common(flags),
      ...options,
      signal: terminal.signal,
      onProgress,
    }),
  )
}

function common({ threads, context }: Flags): { threads?: number; contextSize?: number } {
  return {
    ...(threads !== undefined && { threads }),
    ...(context !== undefined && { contextSize: context }),
  }
}

async function patiently<Model>(
  file: string,
  terminal: Terminal,
  load: (onProgress: (progress: { readonly fraction: number }) => void) => Promise<Model>,
): Promise<Model> {
  const progress = createPatientProgress(terminal, `loading ${file}`)
  try {
    return await load(({ fraction }) => progress.update(fraction))
  } finally {
    progress.done()
  }
}

/** Of another place than the Hub, whose names are paths by now. */
function isAddress(file: string): boolean {
  return /^https?:/.test(file) && !existsSync(file)
}
