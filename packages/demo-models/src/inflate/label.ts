import {
  type GgufFile,
  type GgufMetadata,
  type GgufValue,
  formats,
  numberOf,
  textOf,
  type WritableType,
} from '@foretoken/gguf'
import type { Geometry } from './geometry.js'

/** What an inflated model is. To be shown wherever its figures are. */
export const inflationNote =
  'Foretoken inflation: the words of a small model, the memory traffic of a large one; measures speed, never quality'

/** Raised when the same parameters come to give another file. */
const version = 1
const fingerprintKey = 'foretoken.inflated.fingerprint'

/** Everything that the content of an inflated file depends on. */
export interface InflationParameters {
  /** SHA-256 of the small model's file, in hexadecimal. */
  readonly sourceHash: string
  readonly geometry: Geometry
  readonly type: WritableType
  readonly seed: number
}

/** The metadata of the inflated file: the small model's, with the sizes and the name of the large one. */
export function labelled(
  source: GgufFile,
  small: Geometry,
  parameters: InflationParameters,
  shapeName: string,
  exact: boolean,
): GgufMetadata {
  const { geometry: large, type, seed, sourceHash } = parameters
  const name = textOf(source.metadata, 'general.name') ?? 'model'
  const entries: Record<string, GgufValue> = {
    'general.name': text(`${name} inflated to ${shapeName} ${type} (speed only)`),
    'general.description': text(
      `${inflationNote}. Made from ${name} (${describe(small)}) in the shape ${describe(large)}`,
    ),
    'general.file_type': uint32(formats[type].fileType),
    'general.quantization_version': uint32(2),
    'llama.embedding_length': uint32(large.hidden),
    'llama.block_count': uint32(large.layers),
    'llama.feed_forward_length': uint32(large.feedForward),
    'llama.attention.head_count': uint32(large.heads),
    'llama.attention.head_count_kv': uint32(large.kvHeads),
    'llama.attention.key_length': uint32(large.headSize),
    'llama.attention.value_length': uint32(large.headSize),
    'llama.rope.dimension_count': uint32(numberOf(source.metadata, 'llama.rope.dimension_count') ?? large.headSize),
    'llama.attention.layer_norm_rms_epsilon': {
      type: 'float32',
      value:
        ((numberOf(source.metadata, 'llama.attention.layer_norm_rms_epsilon') ?? 1e-5) * small.hidden) / large.hidden,
    },
    'foretoken.inflated.note': text(inflationNote),
    'foretoken.inflated.shape': text(shapeName),
    'foretoken.inflated.source.name': text(name),
    'foretoken.inflated.source.sha256': text(sourceHash),
    'foretoken.inflated.seed': uint32(seed),
    'foretoken.inflated.exact': { type: 'bool', value: exact },
    [fingerprintKey]: text(fingerprint(parameters)),
  }
  return new Map([...source.metadata, ...Object.entries(entries)])
}

/** Whether `file` is what these parameters give. Looks at the label, not at the weights. */
export function isLabelled(file: GgufFile, parameters: InflationParameters): boolean {
  return textOf(file.metadata, fingerprintKey) === fingerprint(parameters)
}

function fingerprint({ sourceHash, geometry, type, seed }: InflationParameters): string {
  const { hidden, layers, feedForward, heads, kvHeads } = geometry
  return [version, sourceHash, hidden, layers, feedForward, heads, kvHeads, type, seed].join(' ')
}

function describe({ hidden, layers, feedForward, heads, kvHeads }: Geometry): string {
  return `${hidden} wide, ${layers} layers, feed-forward ${feedForward}, ${heads} heads, ${kvHeads} KV heads`
}

function text(value: string): GgufValue {
  return { type: 'string', value }
}

function uint32(value: number): GgufValue {
  return { type: 'uint32', value }
}
