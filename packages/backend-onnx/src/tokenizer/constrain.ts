import type { Constraint, FormatDescription, Tokenizer } from '@foretoken/core'

/**
 * `LanguageModel.constrain` for a model with this tokenizer. Loads what compiles formats when it is first asked for: who
 * has no use for it does not pay for it.
 *
 * @throws `invalid-argument` when the description is malformed or asks for what is not supported.
 */
export async function constrain(format: FormatDescription, tokenizer: Tokenizer): Promise<Constraint> {
  const { compileFormat } = await import('@foretoken/grammar')
  return compileFormat(format, tokenizer)
}
