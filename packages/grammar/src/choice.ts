import { invalid } from './invalid.js'
import type { Language } from './language/expression.js'
import { anyText } from './language/texts.js'

/** @throws `invalid-argument` without choices, and for an empty one. */
export function choiceLanguage(choices: readonly string[]): Language {
  if (choices.length === 0) throw invalid('There is nothing to choose from: give at least one text in choices.')
  const empty = choices.indexOf('')
  if (empty >= 0) throw invalid(`choices[${empty}] is empty. Remove it, or write what stands for "nothing": "none".`)
  const broken = choices.findIndex((each) => /\p{Surrogate}/u.test(each))
  if (broken >= 0) throw invalid(`choices[${broken}] has half of a surrogate pair, which no text can carry.`)
  return { rules: new Map([['root', anyText(choices)]]), root: 'root' }
}
