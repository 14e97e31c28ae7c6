import type { InferenceSession } from 'onnxruntime-node'
import type { Cache, Rollback } from './cache/cache.js'
import type { TextTokens } from './messages.js'

/** What the files of a model are: one graph for any number of tokens, or several for fixed ones. */
export interface Form {
  /** How its caches can roll back, the cheapest first. All are right where the graph is. */
  readonly rollbacks: readonly Rollback[]
  /** Whether the arithmetic of quantized weights was changed. */
  readonly patched: boolean
  /** With `enableProfiling`, only what a pass over one token takes is opened. */
  open(options: InferenceSession.SessionOptions): Promise<OpenForm>
}

/** A model in sessions of its own. */
export interface OpenForm {
  /** An empty cache. */
  newCache(rollback: Rollback): Cache
  /**
   * Appends `tokens` to what `cache` holds.
   *
   * @returns The logits of the last `outputs` tokens, as many for each as the vocabulary has; absent for none.
   */
  pass(cache: Cache, tokens: readonly number[], outputs: number): Promise<Float32Array | undefined>
  /**
   * The same for several texts of one token each, side by side, whose caches roll back by `number`. Absent where the graph
   * takes one text at a time.
   */
  passTogether?(caches: readonly Cache[], texts: readonly TextTokens[]): Promise<(Float32Array | undefined)[]>
  /** Writes down what the passes were. */
  endProfiling(): void
  release(): Promise<void>
}
