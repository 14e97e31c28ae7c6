import { mkdir, open, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { ForetokenError } from '@foretoken/core'
import { readGguf } from '@foretoken/gguf'
import { architectureOf } from './architecture.js'
import { DataFile } from './data-file.js'
import { decoderGraph } from './decoder.js'
import { configOf, writeDescription } from './description.js'
import { largestDimension } from './coreml-operators.js'
import { intoFolder } from './into-folder.js'
import { mustBeTrueOf, neighboursOf, removeForm } from './neighbours.js'
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
   * the model was not trained. With `static`, that of the usual graphs beside, where there are any.
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
 * beside it. One tensor is in memory at a time, or queries, keys and values of a layer.
 *
 * Types, and the usual graphs and static ones, can lie side by side in a folder. Only those of the same kind are replaced,
 * with all their files, and only once everything is written.
 *
 * The tokenizer comes from the GGUF's metadata; a `tokenizer.json` that lies beside the GGUF goes before.
 *
 * @returns The files that were written, relative to `folder`.
 * @throws `model-file` for what cannot be converted; `invalid-argument` for options that contradict each other, a folder
 * that cannot be written to, or one with other graphs that `config.json` would be wrong about; or the signal's reason.
 */
export async function exportOnnx(gguf: string, folder: string, options: ExportOptions = {}): Promise<string[]> {
  const { type = 'fp32', contextLength, static: fixed, onProgress, signal } = options
  check(options)
  signal?.throwIfAborted()
  const source = await readGguf(gguf)
  const found = architectureOf(source)
  if (fixed) checkSizes(gguf, found, fixed)
  const variant = type === 'fp32' ? '' : `_${type}`
  const form = { fixed: fixed !== undefined, variant }
  const neighbours = await neighboursOf(folder, form)
  const usual = fixed ? neighbours.contextLength : undefined
  const architecture = { ...found, contextLength: contextLength ?? usual ?? found.contextLength }
  mustBeTrueOf(folder, neighbours, configOf(source, architecture))

  return intoFolder(folder, async (fresh) => {
    const onnx = join(fresh, 'onnx')
    await mkdir(onnx)
    await writeDescription(source, architecture, fresh)
    const limits = fixed
      ? { outputTokens: largestDimension, positions: fixed.contextLength + Math.max(...fixed.buckets), joined: false }
      : // Matrices of 4 bits are joined when they are loaded, whoever has exported them.
        { positions: architecture.contextLength, joined: type !== 'q4' }
    const name = fixed ? staticFile.weights(variant) : `model${variant}.onnx_data`
    const places = await writeData(join(onnx, name), (data) =>
      writeWeights(source, architecture, data, { type, ...limits, onProgress, signal }),
    )
    const weights = new Weights(places, architecture.tied)
    if (fixed) {
      await writeFile(join(onnx, staticFile.embedding(variant)), embeddingGraph(architecture, weights))
      for (const tokens of fixed.buckets) {
        const graph = staticGraph(architecture, weights, { tokens, contextLength: fixed.contextLength })
        await writeFile(join(onnx, staticFile.decoder(variant, tokens)), graph)
      }
    } else {
      await writeFile(join(onnx, `model${variant}.onnx`), decoderGraph(architecture, weights))
    }
    await removeForm(folder, form)
  })
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

async function writeData(path: string, fill: (data: DataFile) => Promise<void>): Promise<DataFile['places']> {
  const handle = await open(path, 'w')
  try {
    const data = new DataFile(handle, basename(path))
    await fill(data)
    return data.places
  } finally {
    await handle.close()
  }
}
