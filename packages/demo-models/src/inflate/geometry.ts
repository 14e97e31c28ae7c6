import { ForetokenError } from '@foretoken/core'
import { type GgufFile, type GgufTensor, numberOf, textOf } from '@foretoken/gguf'

/** The sizes of a model of the llama architecture, in tensor elements, heads and layers. */
export interface Geometry {
  readonly hidden: number
  readonly layers: number
  readonly feedForward: number
  readonly heads: number
  readonly kvHeads: number
  readonly headSize: number
  readonly vocabSize: number
  /** Whether the output matrix is the embedding. */
  readonly tied: boolean
}

export type Role =
  | 'embedding'
  | 'output'
  | 'norm'
  | 'query'
  | 'key'
  | 'value'
  | 'attentionOutput'
  | 'gate'
  | 'up'
  | 'down'

export interface LlamaTensor {
  readonly name: string
  readonly role: Role
  /** The layer it belongs to; `undefined` outside the layers. */
  readonly layer: number | undefined
  readonly columns: number
  readonly rows: number
}

/** Every tensor of a llama model with these sizes, in the order of computation. */
export function llamaTensors(geometry: Geometry): LlamaTensor[] {
  const { hidden, layers, feedForward, headSize, vocabSize } = geometry
  const attention = geometry.heads * headSize
  const keys = geometry.kvHeads * headSize
  const tensors: LlamaTensor[] = []
  const add = (layer: number | undefined, name: string, role: Role, columns: number, rows = 1): void => {
    tensors.push({ name: `${layer === undefined ? '' : `blk.${layer}.`}${name}.weight`, role, layer, columns, rows })
  }
  add(undefined, 'token_embd', 'embedding', hidden, vocabSize)
  for (let layer = 0; layer < layers; layer++) {
    add(layer, 'attn_norm', 'norm', hidden)
    add(layer, 'attn_q', 'query', hidden, attention)
    add(layer, 'attn_k', 'key', hidden, keys)
    add(layer, 'attn_v', 'value', hidden, keys)
    add(layer, 'attn_output', 'attentionOutput', attention, hidden)
    add(layer, 'ffn_norm', 'norm', hidden)
    add(layer, 'ffn_gate', 'gate', hidden, feedForward)
    add(layer, 'ffn_up', 'up', hidden, feedForward)
    add(layer, 'ffn_down', 'down', feedForward, hidden)
  }
  add(undefined, 'output_norm', 'norm', hidden)
  if (!geometry.tied) add(undefined, 'output', 'output', hidden, vocabSize)
  return tensors
}

/**
 * The sizes of the model in `file`.
 *
 * @throws `model-file` when it is not of the plain llama architecture: inflation must know every tensor to keep the
 * function.
 */
export function geometryOf(file: GgufFile): Geometry {
  const { metadata, tensors } = file
  const refuse = (why: string): never => {
    throw new ForetokenError('model-file', `Cannot inflate ${file.path}: ${why}`)
  }
  const architecture = textOf(metadata, 'general.architecture')
  if (architecture !== 'llama') refuse(`its architecture is ${architecture ?? 'not given'}, and only llama can be`)
  const size = (key: string, otherwise?: number): number => {
    const value = numberOf(metadata, `llama.${key}`) ?? otherwise
    if (value === undefined || !Number.isInteger(value) || value < 1 || value > 1 << 24) {
      return refuse(`llama.${key} is ${value ?? 'missing'}`)
    }
    return value
  }
  const hidden = size('embedding_length')
  const heads = size('attention.head_count')
  const kvHeads = size('attention.head_count_kv', heads)
  const headSize = size('attention.key_length', hidden / heads)
  const vocabSize = tensors.get('token_embd.weight')?.dimensions[1] ?? refuse('it has no token_embd.weight')
  const geometry = {
    hidden,
    layers: Math.min(size('block_count'), tensors.size),
    feedForward: size('feed_forward_length'),
    heads,
    kvHeads,
    headSize,
    vocabSize,
    tied: !tensors.has('output.weight'),
  }
  if (heads % kvHeads !== 0) refuse(`${heads} heads cannot share ${kvHeads} KV heads`)
  if (size('attention.value_length', headSize) !== headSize) refuse('its keys and values differ in size')
  const expected = new Map(llamaTensors(geometry).map((tensor) => [tensor.name, tensor]))
  for (const tensor of tensors.values()) {
    if (!expected.has(tensor.name)) refuse(`it has the tensor ${tensor.name}, which a plain llama model has not`)
  }
  for (const { name, columns, rows } of expected.values()) {
    const [width, height = 1, ...rest] = (tensors.get(name) ?? refuse(`it has no tensor ${name}`)).dimensions
    if (width !== columns || height !== rows || rest.some((dimension) => dimension !== 1)) {
      refuse(`the tensor ${name} is ${width} x ${height} where its metadata makes it ${columns} x ${rows}`)
    }
  }
  return geometry
}

/** @internal The tensor of that name; it was there when {@link geometryOf} looked. */
export function tensorOf(file: GgufFile, name: string): GgufTensor {
  return file.tensors.get(name)!
}
