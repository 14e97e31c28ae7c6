import type { Constraint } from './constrain/constraint.js'
import type { FormatDescription, JsonSchema } from './constrain/format.js'

/** A token's number in the model's vocabulary: an integer in `[0, vocabSize)`. */
export type TokenId = number

/** Text to tokens and back. One tokenizer belongs to one vocabulary. */
export interface Tokenizer {
  readonly vocabSize: number
  /**
   * A short hash over every token of the vocabulary, in order, without padding at its end. Two models may draft for each
   * other when theirs are equal.
   */
  readonly fingerprint: string
  /**
   * @param options.special Whether the text of control tokens (`<|endoftext|>`) stands for the tokens. Default `false`.
   * @param options.start Whether to put in front what the model wants at the start of a text (its BOS), unless the text
   * brings it along. Default `false`.
   */
  encode(text: string, options?: { special?: boolean; start?: boolean }): TokenId[]
  /**
   * The text of `tokens`. A character whose bytes are incomplete at either end comes out as U+FFFD.
   *
   * @param options.special Whether control tokens are written out. Default `false`.
   */
  decode(tokens: readonly TokenId[], options?: { special?: boolean }): string
  /** Whether this token ends a generation (end of text, end of turn). */
  isEnd(token: TokenId): boolean
  /**
   * The bytes that `token` adds to a text, which need not be whole characters; none for control tokens. Structured output
   * needs it; absent where the runtime does not tell.
   */
  bytes?(token: TokenId): Uint8Array
  /** The text that the model's own chat template makes of `messages`; absent when the model has no template. */
  readonly renderChat?: RenderChat
}

/**
 * @param options.tools What the model may call.
 * @param options.describe Whether the tools are described to the model in the system message, and calls and results written
 * as text, rather than handed to the template. Default: where the template does not know tools.
 * @throws `unsupported` when the template refuses the messages.
 */
export type RenderChat = (
  messages: readonly ChatMessage[],
  options?: { tools?: readonly Tool[]; describe?: boolean },
) => string

export interface ChatMessage {
  /** `tool`: what a call gave. */
  readonly role: 'system' | 'user' | 'assistant' | 'tool'
  readonly content: string
  /** Who speaks, where several play one role. */
  readonly name?: string
  /** What the assistant called. */
  readonly toolCalls?: readonly ToolCall[]
  /** Of a `tool` message: the call that it answers. */
  readonly toolCallId?: string
}

export interface ToolCall {
  readonly id: string
  readonly name: string
  /** JSON text, of an object. */
  readonly arguments: string
}

/** A function that a model may ask its caller to call. */
export interface Tool {
  readonly name: string
  readonly description?: string
  /** What its arguments look like. Default: it has none. */
  readonly parameters?: JsonSchema
}

/** What a model can do, so that callers ask before they try. */
export interface Capabilities {
  /** How many sequences can be open at a time. */
  readonly maxSequences: number
  /**
   * How `Sequence.truncate` works: `trim` drops cache cells and costs nothing; `replay` restores an earlier state and
   * computes again; `none`: the model cannot go back, so it can only be decoded plainly.
   */
  readonly rollback: 'trim' | 'replay' | 'none'
  /** Whether `Sequence.fork` exists. */
  readonly fork: boolean
}

/** How long a pass of one sequence over so many tokens takes. */
export interface PassTime {
  readonly tokens: number
  /** Milliseconds. */
  readonly ms: number
}

/**
 * A language model as the algorithm sees it: tokens in, logits out, roll back.
 * Backends implement it; nothing else in Foretoken knows what a runtime is.
 */
export interface LanguageModel {
  /** For people: what it is, and on what it runs. Example: `demo-target F16, 7.4 MiB, CPU (zen4), 2 threads`. */
  readonly description: string
  readonly vocabSize: number
  /** How many tokens one sequence can hold. */
  readonly contextLength: number
  readonly tokenizer: Tokenizer
  readonly capabilities: Capabilities
  /**
   * T(n) as it was measured when the model was loaded, ascending in n, n = 1 first; absent where nobody measured. A
   * starting point: the passes of each generation are timed anyway.
   */
  readonly passCurve?: readonly PassTime[]
  /**
   * Makes a format ready for this vocabulary; absent where structured output is not supported. The result can be used
   * for any number of generations.
   *
   * @throws `invalid-argument` when the description is malformed or asks for what the engine does not know.
   */
  constrain?(format: FormatDescription): Promise<Constraint>
  /** @throws `unsupported` when `capabilities.maxSequences` are open, `disposed` after `dispose`. */
  createSequence(): Promise<Sequence>
  /** Frees the model and its sequences. Waits for the pass in flight. Calling it again does nothing. */
  dispose(): Promise<void>
}

/** One pass of a model, which several sequences may have shared. */
export interface Pass {
  /** The tokens that went through it, of all sequences. */
  readonly tokens: number
  readonly sequences: number
  /** How long it took, in milliseconds: the waiting before it does not count. */
  readonly ms: number
}

/** How many of the last tokens of a forward pass give a row of logits. */
export type Outputs = 'all' | 'last' | 'none' | number

/** One line of text in the model's KV cache. */
export interface Sequence {
  /** The tokens that the cache holds, oldest first. A live view: copy it to keep it. */
  readonly tokens: readonly TokenId[]
  /** `tokens.length`. */
  readonly length: number
  /**
   * Runs the model over `tokens`, which follow what the sequence holds.
   *
   * Long inputs are cut into passes of a size that suits the runtime; `signal` is looked at before each one. When it
   * rejects, the sequence holds a prefix of `tokens` (its own `tokens` tell which) and stays usable.
   *
   * Several sequences of a model may be in `forward` at a time: they share a pass. One sequence may not.
   *
   * @param options.outputs How many of the last `tokens` give logits. Default `'last'`.
   * @throws `context-overflow` (nothing was computed), `invalid-argument` (a token outside the vocabulary, two calls at a
   * time), `disposed`, `runtime`, or the signal's reason.
   */
  forward(
    tokens: readonly TokenId[],
    options?: { outputs?: Outputs; signal?: AbortSignal | undefined },
  ): Promise<LogitsRows>
  /**
   * Rolls back to the first `length` tokens. Waits for nothing: no forward may be in flight.
   *
   * @throws `invalid-argument` when `length` is not in `[0, this.length]`, `unsupported` when the model cannot roll back.
   */
  truncate(length: number): Promise<void>
  /** A second sequence with the same content. Present when `capabilities.fork`. */
  fork?(): Promise<Sequence>
  /** Frees the cache line. Calling it again does nothing. */
  dispose(): Promise<void>
}

/**
 * The raw logits of a forward pass, one row for each output, in the order of the tokens.
 *
 * Read rows in the same turn in which `forward` resolved (no `await` in between): the next pass of the model, for
 * whichever sequence, overwrites them, and reading them then throws `stale-logits`.
 */
export interface LogitsRows {
  readonly count: number
  /** The pass that they came out of, the last one where there were several. Absent where the backend does not tell. */
  readonly pass?: Pass
  /** The token with the largest logit; the smallest id among equals. Never copies the row. */
  argmax(row: number): TokenId
  /** The row itself, `vocabSize` values. Not a copy. */
  row(row: number): Float32Array
}
