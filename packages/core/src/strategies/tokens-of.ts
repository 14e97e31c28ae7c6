import { ForetokenError } from '../errors.js'
import type { LanguageModel, TokenId } from '../model.js'

/**
 * The target's tokens of what a caller gave as a text, or as tokens.
 *
 * @throws `vocabulary-mismatch` when the target has no such token.
 */
export function tokensOf(given: string | readonly TokenId[], target: LanguageModel): readonly TokenId[] {
  const { vocabSize, tokenizer, description } = target
  const tokens = typeof given === 'string' ? tokenizer.encode(given) : given
  const wrong = tokens.find((token) => !Number.isInteger(token) || token < 0 || token >= vocabSize)
  if (wrong === undefined) return tokens
  throw new ForetokenError(
    'vocabulary-mismatch',
    `Token ${wrong} is not in the vocabulary of ${description} (${vocabSize} tokens): pass texts, or its own tokens.`,
  )
}
