import { ForetokenError } from '@foretoken/core'
import type { Outputs, TokenId } from '@foretoken/core'

/**
 * Checks the arguments of `Sequence.forward`.
 *
 * @returns How many of the last tokens give a row.
 */
export function checkForward(
  tokens: readonly TokenId[],
  outputs: Outputs | undefined,
  held: number,
  { vocabSize, contextLength }: { readonly vocabSize: number; readonly contextLength: number },
): number {
  if (tokens.length === 0) throw new ForetokenError('invalid-argument', 'forward() needs at least one token.')
  const wrong = tokens.find((token) => !(Number.isInteger(token) && token >= 0 && token < vocabSize))
  if (wrong !== undefined) {
    throw new ForetokenError('invalid-argument', `${wrong} is not a token: the vocabulary has ${vocabSize}.`)
  }
  if (held + tokens.length > contextLength) {
    throw new ForetokenError(
      'context-overflow',
      `${held} tokens are held and ${tokens.length} more would exceed the context of ${contextLength}. ` +
        'Load the model with a larger contextSize, or shorten the text.',
    )
  }
  const rows = outputs === 'all' ? tokens.length : outputs === 'none' ? 0 : outputs === 'last' ? 1 : (outputs ?? 1)
  if (Number.isInteger(rows) && rows >= 0 && rows <= tokens.length) return rows
  throw new ForetokenError(
    'invalid-argument',
    `outputs: ${String(outputs)} does not fit ${tokens.length} tokens. Pass 'all', 'last', 'none' or a number up to that.`,
  )
}
