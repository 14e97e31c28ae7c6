import { existsSync } from 'node:fs'
import { copyFile, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { ForetokenError } from '../../../packages/core/src/index.js'
import { decode, type GgufFile, numberOf, readGguf, readTensor } from '../../../packages/demo-models/src/gguf/index.js'
import { cacheDirectory, tokenizer } from '../../../packages/demo-models/src/index.js'
import { geometryOf } from '../../../packages/demo-models/src/inflate/geometry.js'
import { decoderGraph } from './decoder.js'

const dataFile = 'model.onnx_data'

/**
 * Writes a llama model from a GGUF file as transformers.js wants it, in single precision, once: into
 * {@link cacheDirectory}, as a folder with the GGUF's name.
 *
 * @param gguf A model that has the demo pair's tokenizer.
 * @returns The folder.
 * @throws `model-file` when it is no llama model.
 */
export async function exportOnnx(gguf: string): Promise<string> {
  const folder = join(cacheDirectory(), 'onnx', basename(gguf, '.gguf'))
  const { size, mtimeMs } = await stat(gguf)
  // The models are made anew from time to time, under the same name.
  const source = JSON.stringify({ size, mtimeMs })
  const stamp = join(folder, 'source.json')
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === source) return folder

  const fresh = `${folder}.new`
  await rm(fresh, { recursive: true, force: true })
  await mkdir(join(fresh, 'onnx'), { recursive: true })
  await writeModel(await readGguf(gguf), fresh)
  await copyFile(tokenizer, join(fresh, 'tokenizer.json'))
  await writeFile(join(fresh, 'source.json'), source)
  await rm(folder, { recursive: true, force: true })
  await rename(fresh, folder)
  return folder
}

async function writeModel(gguf: GgufFile, folder: string): Promise<void> {
  const geometry = geometryOf(gguf)
  const epsilon = numberOf(gguf.metadata, 'llama.attention.layer_norm_rms_epsilon')
  const contextLength = numberOf(gguf.metadata, 'llama.context_length')
  const end = numberOf(gguf.metadata, 'tokenizer.ggml.eos_token_id')
  if (epsilon === undefined || contextLength === undefined) {
    throw new ForetokenError('model-file', `${gguf.path} does not tell its epsilon and its context length.`)
  }
  const places = await writeWeights(gguf, join(folder, 'onnx', dataFile), geometry.tied)
  const model = decoderGraph({
    geometry,
    epsilon,
    contextLength,
    ropeBase: numberOf(gguf.metadata, 'llama.rope.freq_base') ?? 10_000,
    weight(graph, name) {
      const place = places.get(name)!
      return graph.stored(name, 'float', place.dimensions, { file: dataFile, ...place })
    },
  })
  await writeFile(join(folder, 'onnx', 'model.onnx'), model)
  const config = {
    model_type: 'llama',
    architectures: ['LlamaForCausalLM'],
    hidden_size: geometry.hidden,
    num_hidden_layers: geometry.layers,
    num_attention_heads: geometry.heads,
    num_key_value_heads: geometry.kvHeads,
    head_dim: geometry.headSize,
    vocab_size: geometry.vocabSize,
    max_position_embeddings: contextLength,
    bos_token_id: end,
    eos_token_id: end,
    pad_token_id: end,
  }
  const tokens = { bos_token: '<|endoftext|>', eos_token: '<|endoftext|>', tokenizer_class: 'PreTrainedTokenizer' }
  const files = {
    'config.json': config,
    'tokenizer_config.json': tokens,
    'generation_config.json': { eos_token_id: end },
  }
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), JSON.stringify(content))
}

interface Place {
  readonly dimensions: readonly number[]
  readonly offset: number
  readonly bytes: number
}

/** Page by page: what is mapped has to start on one. */
const alignment = 4096

/** @returns Where each weight lies in the file. */
async function writeWeights(gguf: GgufFile, path: string, tied: boolean): Promise<Map<string, Place>> {
  const places = new Map<string, Place>()
  const file = await open(path, 'w')
  let offset = 0
  const put = async (name: string, dimensions: readonly number[], values: Float32Array): Promise<void> => {
    places.set(name, { dimensions, offset, bytes: values.byteLength })
    await file.write(new Uint8Array(values.buffer), 0, values.byteLength, offset)
    offset = Math.ceil((offset + values.byteLength) / alignment) * alignment
  }
  try {
    for (const [name, tensor] of gguf.tensors) {
      const [columns, rows = 1] = tensor.dimensions as [number, number?]
      const values = new Float32Array(columns * rows)
      decode(tensor.type, await readTensor(gguf, tensor), 0, values)
      if (name === 'token_embd.weight') await put(`${name} as rows`, [rows, columns], values)
      if (tensor.dimensions.length === 1) await put(name, [columns], values)
      else if (name !== 'token_embd.weight' || tied) await put(name, [columns, rows], transposed(values, rows, columns))
    }
  } finally {
    await file.close()
  }
  return places
}

function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length)
  // In tiles, for the cache's sake.
  const tile = 32
  for (let top = 0; top < rows; top += tile) {
    for (let left = 0; left < columns; left += tile) {
      const [bottom, right] = [Math.min(rows, top + tile), Math.min(columns, left + tile)]
      for (let row = top; row < bottom; row++) {
        for (let column = left; column < right; column++) {
          result[column * rows + row] = values[row * columns + column]!
        }
      }
    }
  }
  return result
}
