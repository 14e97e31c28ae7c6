/**
 * What can go wrong, as a closed list: programs branch on `code`, people read `message`.
 * Every message says what happened and what to do next.
 */
export type ErrorCode =
  /** An argument or option is malformed, out of range, or contradicts another one. */
  | 'invalid-argument'
  /** A model file is missing, unreadable, truncated, of another format, or of an architecture the runtime does not know. */
  | 'model-file'
  /** The model (weights, cache and buffers) does not fit into the memory that is free. */
  | 'out-of-memory'
  /** Two models cannot work together because their vocabularies differ. */
  | 'vocabulary-mismatch'
  /** The sequence would grow past the model's context. */
  | 'context-overflow'
  /** The model, sequence or generation was disposed before the call. */
  | 'disposed'
  /** Logits were read after a later forward pass had overwritten them. */
  | 'stale-logits'
  /** The model cannot do what was asked of it (fork, roll back, one more sequence). */
  | 'unsupported'
  /** The runtime beneath (its library, its device) failed or refused. */
  | 'runtime'
  /** A machine that computes a part of the model cannot be reached, refuses, or was lost and did not come back. */
  | 'worker-lost'
  /** A draft strategy could not be loaded, threw, hung, or proposed something illegal. */
  | 'strategy'
  /** A server has as much under way as it takes, or is about to end. */
  | 'busy'

const marker = Symbol.for('foretoken.error')

/**
 * The one error class of every Foretoken package.
 *
 * Use {@link ForetokenError.is} rather than `instanceof`: it holds across duplicate installs of this package.
 */
export class ForetokenError extends Error {
  override readonly name = 'ForetokenError'
  readonly code: ErrorCode
  /** With `busy`: in how many seconds it is worth asking again; a whole number, at least 1. Absent where never. */
  declare readonly retryAfter?: number
  /** @internal */
  readonly [marker] = true

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown; retryAfter?: number }) {
    super(message, options)
    this.code = code
    if (options?.retryAfter !== undefined) this.retryAfter = options.retryAfter
  }

  /** Whether `error` is a Foretoken error, and, when `code` is given, whether it is that one. */
  static is(error: unknown, code?: ErrorCode): error is ForetokenError {
    return (
      typeof error === 'object' &&
      error !== null &&
      marker in error &&
      (code === undefined || (error as ForetokenError).code === code)
    )
  }
}
