import { open } from 'node:fs/promises'
import {
  byteLength,
  decode,
  encode,
  type GgufValue,
  layOut,
  readGguf,
  readTensor,
  type TensorSpec,
  type WritableType,
  writeGguf,
} from '@foretoken/gguf'

export interface TinyDecoder {
  readonly architecture: string
  /** Default 32, with which the heads together are wider than the model. */
  readonly headSize?: number
  readonly tied?: boolean
  /** Which of the attention's inputs have one. */
  readonly biases?: readonly ('q' | 'k' | 'v')[]
  readonly headNorms?: boolean
  /** What the frequencies of the pairs are divided by. */
  readonly ropeFactors?: readonly number[]
  readonly ropeScale?: number
  /** Of the matrices. */
  readonly type?: WritableType
  /** Of the first and the last matrix. Default: as the others. */
  readonly outer?: WritableType
  /** In place of a token for each byte. */
  readonly vocabulary?: TinyVocabulary
  readonly more?: Readonly<Record<string, GgufValue>>
}

export interface TinyVocabulary {
  /** `gpt2` or `llama`. */
  readonly model: string
  readonly pre: string
  readonly tokens: readonly string[]
  /** By llama.cpp's numbers: 1 normal, 2 unknown, 3 control, 6 a byte. */
  readonly types: readonly number[]
  readonly merges?: readonly string[]
  readonly scores?: readonly number[]
}

const [hidden, heads, kvHeads, feedForward, layers] = [64, 4, 2, 96, 2]

/** Writes a decoder with random weights. For tests. */
export async function writeTinyDecoder(path: string, of: TinyDecoder): Promise<void> {
  const { architecture, headSize = 32, type = 'F32', vocabulary = byteVocabulary() } = of
  const { outer = type } = of
  const matrices: [string, number[]][] = [
    ['attn_q.weight', [hidden, heads * headSize]],
    ['attn_k.weight', [hidden, kvHeads * headSize]],
    ['attn_v.weight', [hidden, kvHeads * headSize]],
    ['attn_output.weight', [heads * headSize, hidden]],
    ['ffn_gate.weight', [hidden, feedForward]],
    ['ffn_up.weight', [hidden, feedForward]],
    ['ffn_down.weight', [feedForward, hidden]],
  ]
  const vectors: [string, number[]][] = [
    ['attn_norm.weight', [hidden]],
    ['ffn_norm.weight', [hidden]],
  ]
  if (of.headNorms) vectors.push(['attn_q_norm.weight', [headSize]], ['attn_k_norm.weight', [headSize]])
  for (const part of of.biases ?? []) vectors.push([`attn_${part}.bias`, [(part === 'q' ? heads : kvHeads) * headSize]])
  const specs: TensorSpec[] = [
    { name: 'token_embd.weight', type: outer, dimensions: [hidden, vocabulary.tokens.length] },
    { name: 'output_norm.weight', type: 'F32', dimensions: [hidden] },
  ]
  if (!of.tied) specs.push({ name: 'output.weight', type: outer, dimensions: [hidden, vocabulary.tokens.length] })
  if (of.ropeFactors) specs.push({ name: 'rope_freqs.weight', type: 'F32', dimensions: [headSize / 2] })
  for (let layer = 0; layer < layers; layer++) {
    for (const [name, dimensions] of matrices) specs.push({ name: `blk.${layer}.${name}`, type, dimensions })
    for (const [name, dimensions] of vectors) specs.push({ name: `blk.${layer}.${name}`, type: 'F32', dimensions })
  }

  const sizes: Record<string, number> = {
    context_length: 128,
    embedding_length: hidden,
    block_count: layers,
    feed_forward_length: feedForward,
    'attention.head_count': heads,
    'attention.head_count_kv': kvHeads,
    'attention.key_length': headSize,
    'attention.value_length': headSize,
    'rope.dimension_count': headSize,
  }
  const metadata = new Map<string, GgufValue>([
    ['general.architecture', { type: 'string', value: architecture }],
    ...Object.entries(sizes).map(([key, value]): [string, GgufValue] => [
      `${architecture}.${key}`,
      { type: 'uint32', value },
    ]),
    [`${architecture}.attention.layer_norm_rms_epsilon`, { type: 'float32', value: 1e-5 }],
    [`${architecture}.rope.freq_base`, { type: 'float32', value: 500 }],
    ...vocabularyEntries(vocabulary),
    ...Object.entries(of.more ?? {}),
  ])
  if (of.ropeScale !== undefined) {
    metadata.set(`${architecture}.rope.scaling.type`, { type: 'string', value: 'linear' })
    metadata.set(`${architecture}.rope.scaling.factor`, { type: 'float32', value: of.ropeScale })
  }

  let seed = 1
  const random = (): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
    return seed / 2 ** 31 - 1
  }
  const handle = await open(path, 'w')
  await writeGguf(handle, layOut(metadata, specs), (spec) => {
    const [columns = 1, rows = 1] = spec.dimensions
    const isNorm = spec.name.includes('norm')
    const values = Float32Array.from({ length: columns * rows }, () =>
      isNorm ? 1 + 0.3 * random() : rows > 1 ? (2 * random()) / Math.sqrt(columns) : random(),
    )
    if (spec.name === 'rope_freqs.weight') values.set(of.ropeFactors!)
    const bytes = new Uint8Array(byteLength(spec.type, values.length))
    encode(spec.type as WritableType, values, bytes)
    return [bytes]
  })
  await handle.close()
}

/** Writes the model at `from` with the same weights in single precision: llama.cpp rounds what it multiplies with others. */
export async function writeInFloats(from: string, path: string): Promise<void> {
  const source = await readGguf(from)
  const specs = [...source.tensors.values()].map((tensor) => ({ ...tensor, type: 'F32' as const, origin: tensor }))
  const handle = await open(path, 'w')
  await writeGguf(handle, layOut(source.metadata, specs), async function* ({ origin }) {
    const values = new Float32Array(origin.dimensions.reduce((product, size) => product * size, 1))
    decode(origin.type, await readTensor(source, origin), 0, values)
    yield new Uint8Array(values.buffer)
  })
  await handle.close()
}

/** An array of texts, as a value of a GGUF file. */
function textArray(texts: readonly string[]): GgufValue {
  const parts = texts.map((text) => {
    const bytes = Buffer.from(text)
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(bytes.length))
    return Buffer.concat([length, bytes])
  })
  return { type: 'array', of: 'string', count: texts.length, bytes: Buffer.concat(parts) }
}

function vocabularyEntries({ model, pre, tokens, types, merges, scores }: TinyVocabulary): [string, GgufValue][] {
  const entries: Record<string, GgufValue> = {
    model: { type: 'string', value: model },
    pre: { type: 'string', value: pre },
    tokens: textArray(tokens),
    token_type: {
      type: 'array',
      of: 'int32',
      count: types.length,
      bytes: new Uint8Array(Int32Array.from(types).buffer),
    },
    bos_token_id: { type: 'uint32', value: 1 },
    eos_token_id: { type: 'uint32', value: 2 },
  }
  if (merges) entries['merges'] = textArray(merges)
  if (scores) {
    const bytes = new Uint8Array(Float32Array.from(scores).buffer)
    entries['scores'] = { type: 'array', of: 'float32', count: scores.length, bytes }
  }
  return Object.entries(entries).map(([key, value]) => [`tokenizer.ggml.${key}`, value])
}

/** A token for each byte, by the printable characters that stand for bytes since GPT-2; then `more`. */
export function byteVocabulary(
  pre = 'gpt-2',
  more: readonly string[] = [],
  merges: readonly string[] = ['a b'],
): TinyVocabulary {
  const printable = (byte: number): boolean => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173)
  let spare = 256
  const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : spare++))
  const tokens = [...bytes, ...more]
  return { model: 'gpt2', pre, tokens, types: tokens.map(() => 1), merges }
}
