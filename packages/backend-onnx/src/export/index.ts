import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { ForetokenError } from '@foretoken/core'
import { readGguf } from '@foretoken/gguf'
import { architectureOf } from './architecture.js'
import { DataFile } from './data-file.js'
import { decoderGraph } from './decoder.js'
import { writeDescription } from './description.js'
import { largestDimension } from './coreml-operators.js'
import { checkSizes, embeddingGraph, staticGraph } from './static.js'
import { staticFile } from './static-names.js'
import { Weights } from './weights.js'
import { type WeightType, weightTypes, writeWeights } from './write-weights.js'

export interface ExportOptions {
  /**
   * How weights are stored. `fp16` halves the file; they are widened when it is loaded, and computed with in single
   * precision. `q4`: matrices in blocks of 32 with 4 bits; those of a Q4_0 file are carried over exactly. Default `fp32`.
   */
  readonly type?: WeightType
  /**
   * Tokens that a text can have, by `config.json` and by the tables of positions. Default: what the GGUF says; beyond that,
   * the model was not trained.
   */
  readonly contextLength?: number
  /**
   * Graphs of fixed sizes, for accelerators that take no others (CoreML), in place of the usual one: one for each of
   * `buckets`, numbers of tokens in a pass, each over a cache of `contextLength` tokens. Not with `q4`.
   */
  readonly static?: { readonly buckets: readonly number[]; readonly contextLength: number }
  /** Called with the part that is done, from 0 to 1. */
  readonly onProgress?: (fraction: number) => void
  /** Looked at before each tensor. */
  readonly signal?: AbortSignal
}

/**
 * Converts a model from GGUF (llama, qwen2 and qwen3; dense) into ONNX, as a folder laid out like those of the Hugging
 * Face Hub: `config.json`, the tokenizer, and `onnx/model.onnx` (`model_fp16.onnx`, `model_q4.onnx`) with its weights
 * beside it. What else is in the folder stays. One tensor is in memory at a time.
 *
 * The tokenizer comes from the GGUF's metadata; a `tokenizer.json` that lies beside the GGUF goes before.
 *
 * @throws `model-file` for what cannot be converted, `invalid-argument` for options that contradict each other, or the
 * signal's reason.
 */
export async function exportOnnx(gguf: string, folder: string, options: ExportOptions = {}): Promise<void> {
  const { type = 'fp32', contextLength, static: fixed, onProgress, signal } = options
  check(options)
  signal?.throwIfAborted()
  const source = await readGguf(gguf)
  const found = architectureOf(source)
  const architecture = { ...found, contextLength: contextLength ?? found.contextLength }
  if (fixed) checkSizes(gguf, architecture, fixed)
  const onnx = join(folder, 'onnx')
  await mkdir(onnx, { recursive: true })
  await writeDescription(source, architecture, folder)

  const variant = type === 'fp32' ? '' : `_${type}`
  const name = fixed ? staticFile.weights(variant) : `model${variant}.onnx_data`
  const limits = fixed
    ? { outputColumns: largestDimension, positions: fixed.contextLength + Math.max(...fixed.buckets) }
    : { positions: architecture.contextLength }
  const places = await writeData(join(onnx, name), (data) =>
    writeWeights(source, architecture, data, { type, ...limits, onProgress, signal }),
  )
  const weights = new Weights(places, architecture.tied)

  // The graphs come last: where one is, its weights are complete.
  if (!fixed) return writeFile(join(onnx, `model${variant}.onnx`), decoderGraph(architecture, weights))
  await writeFile(join(onnx, staticFile.embedding(variant)), embeddingGraph(architecture, weights))
  for (const tokens of fixed.buckets) {
    const graph = staticGraph(architecture, weights, { tokens, contextLength: fixed.contextLength })
    await writeFile(join(onnx, staticFile.decoder(variant, tokens)), graph)
  }
}

/** What is said when a model is loaded, to see whether it can roll back, has to fit in. */
const leastContext = 16

function check({ type, contextLength, static: fixed }: ExportOptions): void {
  const refuse = (why: string): never => {
    throw new ForetokenError('invalid-argument', why)
  }
  if (type !== undefined && !weightTypes.includes(type)) {
    refuse(`There is no type ${String(type)}: use ${weightTypes.join(', ')}.`)
  }
  if (contextLength !== undefined && !(Number.isInteger(contextLength) && contextLength > 0)) {
    refuse(`contextLength must be a whole number of tokens, not ${contextLength}.`)
  }
  if (!fixed) return
  if (type === 'q4') refuse('Graphs of fixed sizes cannot be of type q4: use fp16 or fp32.')
  if (fixed.buckets.length === 0) refuse('static.buckets is empty: name at least one number of tokens, such as 1.')
  const mustBe = (size: number, least: number): void => {
    if (Number.isInteger(size) && size >= least && size <= largestDimension) return
    refuse(`The sizes of static graphs must be whole numbers from ${least} to ${largestDimension}, not ${size}.`)
  }
  for (const tokens of fixed.buckets) mustBe(tokens, 1)
  mustBe(fixed.contextLength, leastContext)
}

/** Fills a file beside `path`, which takes its place when it is complete. */
async function writeData(path: string, fill: (data: DataFile) => Promise<void>): Promise<DataFile['places']> {
  const partial = `${path}.partial`
  try {
    const handle = await open(partial, 'w')
    const data = new DataFile(handle, basename(path))
    try {
      await fill(data)
    } finally {
      await handle.close()
    }
    await rename(partial, path)
    return data.places
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}
