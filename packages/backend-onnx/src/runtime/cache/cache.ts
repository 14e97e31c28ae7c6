import type { Tensor } from 'onnxruntime-node'

/** Tensors by the name of an input or an output. */
export type Tensors = Readonly<Record<string, Tensor>>

/**
 * How a cache forgets its last tokens. `number`: the attention is told how many rows count, and overwrites the rest.
 * `mask`: the stale rows stay where they are, and the attention mask leaves them out. `slice`: the rows that count are
 * copied. Each is dearer than the one before it, and works with more graphs.
 */
export type Rollback = 'number' | 'mask' | 'slice'

/** What an attention layer remembers of one text. */
export interface Cache {
  /** How many tokens it holds. */
  readonly length: number
  /** What a pass over so many further tokens is to be given: the past, its mask, and the positions of the tokens. */
  feeds(tokens: number): Tensors
  /** Takes in what that pass gave. Until then the cache is as it was. */
  take(outputs: Tensors, tokens: number): void
  /** Forgets all but the first `length` tokens, of which there are as many. */
  truncate(length: number): void
  fork(): Cache
}

/** What caches look like in one graph. */
export interface CacheLayout {
  /** The names of past inputs and of the outputs that follow them. */
  readonly pairs: readonly { readonly past: string; readonly present: string }[]
  readonly type: 'float32' | 'float16'
  readonly heads: number
  readonly headSize: number
}
