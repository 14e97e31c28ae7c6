import { ForetokenError } from '../errors.js'
import type { Outputs, TokenId } from '../model.js'

/**
 * Checks the arguments of `Sequence.forward`.
 *
 * @param held How many tokens the sequence holds.
 * @returns How many of the last tokens give a row.
 * @throws `invalid-argument`, `context-overflow`
 */
export function checkForward(
  tokens: readonly TokenId[],
  outputs: Outputs | undefined,
  held: number,
  limits: { readonly vocabSize: number; readonly contextLength: number },
): number {
  const { vocabSize, contextLength } = limits
  if (tokens.length === 0) throw new ForetokenError('invalid-argument', 'forward() needs at least one token.')
  for (const token of tokens) {
    if (Number.isInteger(token) && token >= 0 && token < vocabSize) continue
    throw new ForetokenError('invalid-argument', `${token} is not a token: the vocabulary has ${vocabSize}.`)
  }
  if (held + tokens.length > contextLength) {
    throw new ForetokenError(
      'context-overflow',
      `${held} tokens are held and ${tokens.length} more would exceed the context of ${contextLength}. ` +
        'Load the model with a larger contextSize, or shorten the text.',
    )
  }
  return countOutputs(outputs ?? 'last', tokens.length)
}

/** Checks the argument of `Sequence.truncate`. @throws `invalid-argument` */
export function checkLength(length: number, held: number): void {
  if (Number.isInteger(length) && length >= 0 && length <= held) return
  throw new ForetokenError('invalid-argument', `A sequence of ${held} tokens cannot be rolled back to ${length}.`)
}

/** The error of a second call on a sequence, before the first is done. */
export function inUse(what: string): ForetokenError {
  return new ForetokenError(
    'invalid-argument',
    `${what} was called while another call on this sequence was under way. Await each call, or use fork().`,
  )
}

/** The error of `LanguageModel.createSequence` when there are as many as there can be. */
export function allOpen(maxSequences: number): ForetokenError {
  return new ForetokenError(
    'unsupported',
    `All ${maxSequences} sequences of the model are open. Dispose one, or load it with more sequences.`,
  )
}

function countOutputs(outputs: Outputs, tokens: number): number {
  if (outputs === 'all') return tokens
  if (outputs === 'none') return 0
  const count = outputs === 'last' ? 1 : outputs
  if (Number.isInteger(count) && count >= 0 && count <= tokens) return count
  throw new ForetokenError(
    'invalid-argument',
    `outputs: ${String(outputs)} does not fit ${tokens} tokens. Pass 'all', 'last', 'none' or a number up to that.`,
  )
}
