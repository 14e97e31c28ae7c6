import type { TokenId } from '../model.js'

/** What a text may look like (a schema, a grammar), made ready for one vocabulary. */
export interface Constraint {
  /** As shown to people: `JSON schema`, `grammar`. */
  readonly name: string
  /** Begins one text. */
  open(): Matcher
}

/**
 * A constraint on its way through one text: tokens in, and back.
 *
 * Synchronous: it is asked between a forward pass and its verdict. Tokens that end a text may come where the text may
 * end, and nothing may come after one.
 */
export interface Matcher {
  /** Whether `token` may come next. Changes nothing, and costs far less than {@link mask}. */
  allows(token: TokenId): boolean
  /**
   * What may come next, a bit for each token: bit `x & 31` of word `x >> 5` is token x. `ceil(vocabSize / 32)` words,
   * valid until the next call of any method.
   */
  mask(): Int32Array
  /** Takes `token`. @returns Whether it was allowed; if not, nothing has changed. */
  accept(token: TokenId): boolean
  /** Takes back the last `count` tokens. */
  rollback(count: number): void
  /** The text that must come next, whatever is chosen: possibly empty. For drafting it; need not be complete. */
  forced?(): string
  dispose?(): void
}
