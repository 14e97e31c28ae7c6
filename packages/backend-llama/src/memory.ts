import type { ModelInfo } from './inspect.js'
import type { ModelShape } from './shape.js'

/** How the cache stores keys and values. Smaller types hold longer texts in less memory and cost some accuracy. */
export type CacheType = 'f32' | 'f16' | 'bf16' | 'q8_0' | 'q4_0'

/** Each cache type's number in llama.cpp, and its bits for each value. */
export const cacheTypes: Readonly<Record<CacheType, { readonly id: number; readonly bits: number }>> = {
  f32: { id: 0, bits: 32 },
  f16: { id: 1, bits: 16 },
  bf16: { id: 30, bits: 16 },
  q8_0: { id: 8, bits: 8.5 },
  q4_0: { id: 2, bits: 4.5 },
}

/** What a model needs, in bytes. */
export interface MemoryEstimate {
  readonly weights: number
  /** Keys and values of all sequences. */
  readonly cache: number
  /** Intermediate results and logits of a pass. */
  readonly buffers: number
  readonly total: number
}

/** Tokens that one pass takes at most. Larger ones are no faster and need larger buffers. */
export const tokensPerPass = 512

/** Rows of logits that one pass gives at most. A verified draft needs its length plus one for each sequence. */
export function rowsPerPass(sequences: number): number {
  return Math.min(tokensPerPass, Math.max(64, 16 * sequences))
}

/** What llama.cpp will allocate, within some 10 % for the buffers and exactly for the rest. */
export function estimateMemory(
  model: { readonly shape: ModelShape; readonly vocabSize: number; readonly weightBytes: number },
  use: { readonly contextSize: number; readonly sequences: number; readonly cacheType: CacheType },
): MemoryEstimate {
  const { layers, embedding, feedForward, cachedKeys, cachedValues } = model.shape
  const cells = Math.ceil((use.contextSize * use.sequences) / 256) * 256
  let valuesPerToken = 0
  for (let layer = 0; layer < layers; layer++) valuesPerToken += (cachedKeys[layer] ?? 0) + (cachedValues[layer] ?? 0)
  const cache = Math.ceil((valuesPerToken * cells * cacheTypes[use.cacheType].bits) / 8)

  const rows = rowsPerPass(use.sequences)
  const perToken = 4 * (6 * embedding + 2 * feedForward)
  const mask = 2 * cells * tokensPerPass
  // Logits are computed in one place and copied to another.
  const logits = 2 * 4 * rows * model.vocabSize
  const buffers = perToken * tokensPerPass + mask + logits
  return { weights: model.weightBytes, cache, buffers, total: model.weightBytes + cache + buffers }
}

/** Memory for people: `7.4 MiB`, `13.2 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let unit = 0
  let value = bytes
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

/** @internal */
export type Estimable = Pick<ModelInfo, 'shape' | 'vocabSize' | 'weightBytes'>
