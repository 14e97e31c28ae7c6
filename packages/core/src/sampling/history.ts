import type { TokenId } from '../model.js'

/**
 * What a position follows: the first `length` of `tokens`, of which the first `promptLength` are the prompt. The rest is
 * what has been said, and, for the rows of a draft, exactly the drafted tokens before the position.
 */
export interface History {
  readonly tokens: readonly TokenId[]
  readonly length: number
  readonly promptLength: number
}
