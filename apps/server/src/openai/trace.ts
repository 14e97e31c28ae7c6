import type { Tokenizer, TokenOrigin } from '@foretoken/core'
import type { PieceToken } from './pieces.js'

/** A token in the field `foretoken.tokens` of a chunk. */
interface Traced {
  readonly text: string
  readonly origin: TokenOrigin
  /** With a correction: the guesses that were dropped, first the one that it stands in place of. */
  readonly refused?: readonly string[]
}

export function traceOf({ text, origin, refused }: PieceToken, tokenizer: Tokenizer): Traced {
  const words = refused?.map((token) => tokenizer.decode([token], { special: true }))
  return { text, origin, ...(words && { refused: words }) }
}
