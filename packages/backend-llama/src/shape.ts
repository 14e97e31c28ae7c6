import type { MetadataValue } from './gguf/reader.js'

/** The numbers that a model's memory follows from. */
export interface ModelShape {
  readonly layers: number
  readonly embedding: number
  readonly feedForward: number
  readonly heads: number
  /** Values that each layer's cache holds for each token: keys, values. */
  readonly cachedKeys: readonly number[]
  readonly cachedValues: readonly number[]
}

/**
 * Reads the shape out of a file's metadata.
 *
 * @param get A value of the model's architecture, by its key.
 * @param number The same, when it is a number.
 */
export function shapeOf(
  get: (key: string) => MetadataValue | undefined,
  number: (key: string) => number | undefined,
): ModelShape {
  const layers = number('block_count') ?? 0
  const embedding = number('embedding_length') ?? 0
  const heads = Math.max(1, ...perLayer(get('attention.head_count'), layers, 1))
  const cachedHeads = perLayer(get('attention.head_count_kv') ?? get('attention.head_count'), layers, 0)
  const headSize = embedding / heads
  // Multi-head latent attention keeps one compressed row for all heads.
  const latent = number('attention.kv_lora_rank')
  const keys = number('attention.key_length') ?? headSize
  const values = number('attention.value_length') ?? headSize
  return {
    layers,
    embedding,
    feedForward: Math.max(0, ...perLayer(get('feed_forward_length'), layers, 4 * embedding)),
    heads,
    cachedKeys: cachedHeads.map((count) =>
      latent === undefined ? count * keys : latent + (number('rope.dimension_count') ?? 0),
    ),
    cachedValues: cachedHeads.map((count) => (latent === undefined ? count * values : 0)),
  }
}

/** A number that holds for all layers, or a list with one for each. */
function perLayer(value: MetadataValue | undefined, layers: number, otherwise: number): number[] {
  if (typeof value === 'object') {
    return Array.from({ length: layers }, (_, layer) => Number(value.values?.[layer] ?? otherwise))
  }
  return Array.from({ length: layers }, () => (value === undefined ? otherwise : Number(value)))
}
