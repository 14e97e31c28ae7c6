import type { TokenId } from '../model.js'
import type { Draft, DraftRequest } from '../strategy.js'

/**
 * Of tokens that are found without asking anybody, as many as are wanted, and the one at which it ended.
 *
 * @param confidence How sure it is of a token, by its place in the draft.
 */
export function asWanted(
  tokens: readonly TokenId[],
  { goOn }: Pick<DraftRequest, 'goOn'>,
  confidence: (index: number) => number,
): Draft {
  const end = tokens.findIndex((_, index) => !goOn(index, confidence(index)))
  return end < 0 ? { tokens } : { tokens: tokens.slice(0, end), withheld: tokens[end] }
}
