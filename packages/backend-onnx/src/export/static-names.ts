/*
 * Names of the static form, for who runs it.
 *
 * A pass has `n` tokens, as many as the graph was made for (fewer are filled up: what the last rows hold changes nothing
 * before them), over a cache of `past` tokens of which any number may be valid. Both are fixed; the batch is 1. Everything
 * is in single precision. The graph keeps no cache: it gives the keys and values of the `n` tokens, and the caller writes
 * those that it keeps into the cache that it feeds next time.
 */

/** The inputs of a decoder's graph. */
export const staticInputs = {
  /** `[1, n, hidden]`: the tokens' embeddings. This, `cosines` and `sines` are what the embedding's graph gives. */
  embeddings: 'inputs_embeds',
  /**
   * `[1, 1, n, past + n]`, added to the attention's scores: 0 where token i may look, a large negative number
   * ({@link masked}) where it may not. Columns up to `past` are the cache's slots, the others the pass's own tokens, of
   * which i sees those up to i.
   */
  mask: 'attention_bias',
  /** `[1, 1, n, headSize / 2]`: cosines of the angles at the tokens' positions. */
  cosines: 'cosines',
  /** `[1, 1, n, headSize / 2]`: sines, likewise. */
  sines: 'sines',
  /** `[1, kvHeads, past, headSize]`: keys of the cache, rotated as they were given out. */
  pastKey: (layer: number): string => `past_key_values.${layer}.key`,
  /** `[1, kvHeads, past, headSize]` */
  pastValue: (layer: number): string => `past_key_values.${layer}.value`,
} as const

/** The outputs of a decoder's graph. */
export const staticOutputs = {
  /** `[1, n, columns]`: logits of the tokens of the vocabulary that follow those of the block before. */
  logits: (block: number): string => `logits.${block}`,
  /** `[1, kvHeads, n, headSize]`: keys of the pass's tokens. */
  newKey: (layer: number): string => `new_key_values.${layer}.key`,
  /** `[1, kvHeads, n, headSize]` */
  newValue: (layer: number): string => `new_key_values.${layer}.value`,
} as const

/** The names of the blocks of logits among a graph's outputs, in the vocabulary's order. */
export function logitsOf(outputs: readonly string[]): string[] {
  const names = outputs.map((_, block) => staticOutputs.logits(block))
  return names.filter((name) => outputs.includes(name))
}

/**
 * The embedding's graph, which runs on the CPU, for any number of tokens: `ids` and `positions`, `[1, n]` each, give what a
 * decoder's graph takes under the names of {@link staticInputs}. Positions are below the cache's size plus that of the
 * largest pass.
 */
export const embeddingInputs = { ids: 'input_ids', positions: 'position_ids' } as const

/** What the mask has where a token may not look: it is finite in half precision, too, and vanishes in the softmax. */
export const masked = -30_000

/** The files of the static form, in the folder `onnx`. `variant` is empty for fp32, `_fp16` for fp16. */
export const staticFile = {
  weights: (variant: string): string => `model_static${variant}.onnx_data`,
  embedding: (variant: string): string => `model_static${variant}_embedding.onnx`,
  decoder: (variant: string, tokens: number): string => `model_static${variant}_${tokens}.onnx`,
} as const

/** What a file of that name is: the embedding's graph, or a decoder's for so many tokens. `undefined`: no graph of these. */
export function staticName(name: string): { variant: string; graph: 'embedding' | number } | undefined {
  const [, variant, graph] = /^model_static((?:_fp16)?)_(embedding|\d+)\.onnx$/.exec(name) ?? []
  if (variant === undefined || graph === undefined) return undefined
  return { variant, graph: graph === 'embedding' ? graph : Number(graph) }
}
