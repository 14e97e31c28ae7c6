import { writeFileSync } from 'node:fs'

/** A GGUF file small enough to be made in a test. */
export interface TinyGguf {
  readonly metadata: Readonly<Record<string, TinyValue>>
  /** F32, filled by a fixed pseudo-random sequence scaled by `scale`, or by `value`. */
  readonly tensors: readonly { name: string; shape: readonly number[]; scale?: number; value?: number }[]
}

/** Whole numbers are written as 32 bits, others as floats. */
export type TinyValue = string | number | boolean | { float: number } | readonly string[] | readonly number[]

const types = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 }
const alignment = 32

/** Writes a GGUF file. For tests. */
export function writeTinyGguf(path: string, { metadata, tensors }: TinyGguf): void {
  const head: Buffer[] = [Buffer.from('GGUF'), uint32(3), uint64(tensors.length), uint64(Object.keys(metadata).length)]
  for (const [key, value] of Object.entries(metadata)) head.push(text(key), ...typed(value))
  const data: Buffer[] = []
  let offset = 0
  let seed = 1
  for (const { name, shape, scale = 1, value } of tensors) {
    head.push(text(name), uint32(shape.length), ...shape.map(uint64), uint32(0), uint64(offset))
    const values = new Float32Array(shape.reduce((product, length) => product * length, 1)).map(() => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
      return value ?? (seed / 2 ** 31 - 1) * scale
    })
    const bytes = padded(Buffer.from(values.buffer))
    data.push(bytes)
    offset += bytes.length
  }
  writeFileSync(path, Buffer.concat([padded(Buffer.concat(head)), ...data]))
}

/** The metadata of a vocabulary with one token for each byte. */
export function byteVocabulary(): Record<string, TinyValue> {
  // The printable stand-ins of the byte-level alphabet that GPT-2 introduced.
  const printable = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173)
  let spare = 256
  const tokens = Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : spare++))
  return {
    'tokenizer.ggml.model': 'gpt2',
    'tokenizer.ggml.pre': 'default',
    'tokenizer.ggml.tokens': tokens,
    'tokenizer.ggml.token_type': tokens.map(() => 1),
    'tokenizer.ggml.merges': ['a b'],
  }
}

/** A Mamba model with random weights: it keeps a state that cannot be cut back. */
export function tinyMamba(): TinyGguf {
  const [width, inner, states, rank, layers, vocab] = [32, 64, 16, 4, 2, 256]
  return {
    metadata: {
      'general.architecture': 'mamba',
      'general.name': 'tiny-mamba',
      'mamba.context_length': 512,
      'mamba.embedding_length': width,
      'mamba.feed_forward_length': 0,
      'mamba.attention.head_count': 0,
      'mamba.attention.layer_norm_rms_epsilon': { float: 1e-5 },
      'mamba.block_count': layers,
      'mamba.ssm.conv_kernel': 4,
      'mamba.ssm.inner_size': inner,
      'mamba.ssm.state_size': states,
      'mamba.ssm.time_step_rank': rank,
      ...byteVocabulary(),
    },
    tensors: [
      { name: 'token_embd.weight', shape: [width, vocab] },
      { name: 'output_norm.weight', shape: [width], value: 1 },
      ...Array.from({ length: layers }, (_, layer) =>
        [
          { name: 'attn_norm.weight', shape: [width], value: 1 },
          { name: 'ssm_in.weight', shape: [width, 2 * inner], scale: 0.3 },
          { name: 'ssm_conv1d.weight', shape: [4, inner], scale: 0.5 },
          { name: 'ssm_conv1d.bias', shape: [inner], scale: 0.1 },
          { name: 'ssm_x.weight', shape: [inner, rank + 2 * states], scale: 0.3 },
          { name: 'ssm_dt.weight', shape: [rank, inner], scale: 0.3 },
          { name: 'ssm_dt.bias', shape: [inner], scale: 0.1 },
          { name: 'ssm_a', shape: [states, inner], value: -0.3 },
          { name: 'ssm_d', shape: [inner], value: 1 },
          { name: 'ssm_out.weight', shape: [inner, width], scale: 0.3 },
        ].map((tensor) => ({ ...tensor, name: `blk.${layer}.${tensor.name}` })),
      ).flat(),
    ],
  }
}

/** A Llama model with random weights, in which each token uses some of the experts of a layer (as in Mixtral). */
export function tinyMixture({ experts = 8, used = 2, width = 32, inner = 64, layers = 2 } = {}): TinyGguf {
  const [heads, vocab] = [2, 256]
  const scale = 1 / Math.sqrt(width)
  return {
    metadata: {
      'general.architecture': 'llama',
      'general.name': 'tiny-mixture',
      'llama.context_length': 512,
      'llama.embedding_length': width,
      'llama.feed_forward_length': inner,
      'llama.block_count': layers,
      'llama.attention.head_count': heads,
      'llama.attention.layer_norm_rms_epsilon': { float: 1e-5 },
      'llama.rope.dimension_count': width / heads,
      'llama.expert_count': experts,
      'llama.expert_used_count': used,
      ...byteVocabulary(),
    },
    tensors: [
      { name: 'token_embd.weight', shape: [width, vocab] },
      { name: 'output_norm.weight', shape: [width], value: 1 },
      ...Array.from({ length: layers }, (_, layer) =>
        [
          { name: 'attn_norm.weight', shape: [width], value: 1 },
          { name: 'attn_q.weight', shape: [width, width], scale },
          { name: 'attn_k.weight', shape: [width, width], scale },
          { name: 'attn_v.weight', shape: [width, width], scale },
          { name: 'attn_output.weight', shape: [width, width], scale },
          { name: 'ffn_norm.weight', shape: [width], value: 1 },
          { name: 'ffn_gate_inp.weight', shape: [width, experts], scale },
          { name: 'ffn_gate_exps.weight', shape: [width, inner, experts], scale },
          { name: 'ffn_down_exps.weight', shape: [inner, width, experts], scale },
          { name: 'ffn_up_exps.weight', shape: [width, inner, experts], scale },
        ].map((tensor) => ({ ...tensor, name: `blk.${layer}.${tensor.name}` })),
      ).flat(),
    ],
  }
}

function typed(value: TinyValue): Buffer[] {
  if (typeof value === 'string') return [uint32(types.string), text(value)]
  if (typeof value === 'boolean') return [uint32(types.bool), Buffer.from([value ? 1 : 0])]
  if (typeof value === 'number') return [uint32(types.uint32), uint32(value)]
  if ('float' in value) return [uint32(types.float32), float32(value.float)]
  const strings = typeof value[0] === 'string'
  const elements = value.map((element) => (typeof element === 'string' ? text(element) : uint32(element)))
  return [uint32(types.array), uint32(strings ? types.string : types.int32), uint64(value.length), ...elements]
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

function float32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return bytes
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([uint64(bytes.length), bytes])
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((alignment - (bytes.length % alignment)) % alignment)])
}
