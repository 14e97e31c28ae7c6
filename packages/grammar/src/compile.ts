import type { Constraint, FormatDescription } from '@foretoken/core'
import { choiceLanguage } from './choice.js'
import { LanguageConstraint } from './constraint.js'
import { gbnfLanguage } from './gbnf/language.js'
import { invalid } from './invalid.js'
import type { Language } from './language/expression.js'
import { prepare } from './language/prepare.js'
import { wholeMatch } from './regex/language.js'
import { jsonLanguage, schemaLanguage } from './schema/language.js'
import { type Vocabulary, vocabularyOf, type VocabularySource } from './vocabulary/vocabulary.js'

/**
 * Makes a format ready for a vocabulary. It costs milliseconds; a second for a string that has to meet a `format` or a
 * `pattern` and a length as well, for thousands of rules or hundreds of optional properties, and for the first format of a
 * large vocabulary. What it allows is found out as texts get there, and remembered for all texts of the same format.
 *
 * @throws `invalid-argument` when the description is malformed, contradicts itself, or asks for what is not supported;
 * the message names the place. `unsupported` when the vocabulary does not tell the bytes of its tokens.
 */
export function compileFormat(format: FormatDescription, vocabulary: VocabularySource): Constraint {
  const ready = vocabularyOf(vocabulary)
  const constraints = constraintsOf(ready)
  const { name, language } = describe(format)
  return withinReason(name, () => {
    const key = JSON.stringify(format)
    let constraint = constraints.get(key)
    // The oldest go first: what is used becomes the youngest.
    if (constraint) constraints.delete(key)
    else constraint = new LanguageConstraint(name, prepare(language(), name), ready)
    if (constraints.size >= remembered) constraints.delete(constraints.keys().next().value!)
    constraints.set(key, constraint)
    return constraint
  })
}

/** Servers ask for the same few formats again and again. */
const remembered = 16
const known = new WeakMap<Vocabulary, Map<string, Constraint>>()

function constraintsOf(vocabulary: Vocabulary): Map<string, Constraint> {
  let constraints = known.get(vocabulary)
  if (!constraints) known.set(vocabulary, (constraints = new Map()))
  return constraints
}

function describe(format: FormatDescription): { name: string; language: () => Language } {
  switch (format.type) {
    case 'json':
      return format.schema === undefined
        ? { name: 'JSON', language: jsonLanguage }
        : { name: 'JSON schema', language: () => schemaLanguage(format.schema!) }
    case 'grammar':
      mustBe(typeof format.grammar === 'string', 'grammar', 'grammar', 'a text: root ::= …')
      return { name: 'grammar', language: () => gbnfLanguage(format.grammar) }
    case 'regex':
      mustBe(typeof format.pattern === 'string', 'regex', 'pattern', 'a text, such as "[a-z]+"')
      return {
        name: 'regular expression',
        language: () => ({ rules: new Map([['root', wholeMatch(format.pattern)]]), root: 'root' }),
      }
    case 'choice':
      mustBe(isTexts(format.choices), 'choice', 'choices', 'a list of texts, such as ["yes", "no"]')
      return { name: 'choice', language: () => choiceLanguage(format.choices) }
    default:
      throw invalid(
        `${JSON.stringify((format as { type: unknown }).type)} is no format: use json, grammar, regex or choice.`,
      )
  }
}

function mustBe(holds: boolean, type: string, field: string, what: string): void {
  if (!holds) throw invalid(`A format of type ${type} needs ${field}: ${what}.`)
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}

/** Formats are read by recursion: what is nested thousands of levels deep, or in itself, is refused. */
function withinReason<T>(name: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (error instanceof RangeError) throw invalid(`The ${name} is nested too deeply. Make it flatter.`)
    if (error instanceof TypeError) throw invalid(`The ${name} must be plain JSON: ${error.message}.`)
    throw error
  }
}
