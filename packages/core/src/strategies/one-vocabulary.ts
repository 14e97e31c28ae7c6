import { ForetokenError } from '../errors.js'
import type { LanguageModel } from '../model.js'

/**
 * A strategy that has learned tokens is of use for their vocabulary only.
 *
 * @param fingerprint Of the vocabulary that was learned.
 * @throws `vocabulary-mismatch`
 */
export function assertVocabulary(fingerprint: string, { tokenizer, description }: LanguageModel): void {
  if (tokenizer.fingerprint === fingerprint) return
  throw new ForetokenError(
    'vocabulary-mismatch',
    `This strategy has learned the tokens of another vocabulary than that of ${description}: make another one for it.`,
  )
}
