import { characters, charactersOf, everyCharacter, intersect, without } from '../language/characters.js'
import {
  choice,
  type Expression,
  oneOf,
  optional,
  repeat,
  rewrite,
  rule,
  sequence,
  text,
} from '../language/expression.js'

/*
 * JSON as it is written here: on one line, ", " between items and ": " after keys. What is fixed is not for the model to
 * decide, and mostly need not be drafted.
 */

/** Stand in strings as they are. */
const plain = without(everyCharacter, characters([[0, 0x1f], ...charactersOf('"\\')]))
const hex = oneOf(charactersOf('0123456789abcdefABCDEF'))
const digit = charactersOf('0123456789')

export const digits = (min: number, max: number): Expression => repeat(oneOf(digit), min, max)

/** A number without bounds: as many digits as JSON.parse keeps, and not so many that a model never stops. */
export const wholeDigits = 15
const positive = sequence(oneOf(charactersOf('123456789')), digits(0, wholeDigits - 1))
export const anyInteger = choice(text('0'), sequence(optional(text('-')), positive))
export const anyNumber = sequence(
  optional(text('-')),
  choice(text('0'), positive),
  optional(sequence(text('.'), digits(1, wholeDigits))),
  optional(sequence(oneOf(charactersOf('eE')), optional(oneOf(charactersOf('+-'))), digits(1, 2))),
)

/** Rules for JSON of any kind. Names with a dot cannot clash: those of references begin with #. */
export function jsonRules(): Map<string, Expression> {
  const { value, string } = json
  return new Map([
    ['value', choice(rule('object'), rule('array'), string, anyNumber, text('true'), text('false'), text('null'))],
    ['object', listed('{', sequence(string, text(': '), value), '}')],
    ['array', listed('[', value, ']')],
    ['string', sequence(text('"'), repeat(rule('character'), 0), text('"'))],
    ['character', choice(oneOf(plain), sequence(text('\\'), escaped()))],
  ])
}

export const json = {
  value: rule('value'),
  object: rule('object'),
  array: rule('array'),
  string: rule('string'),
  /** One character of a string, in any way of writing it. */
  character: rule('character'),
}

/** After a backslash: never half of a surrogate pair. */
function escaped(): Expression {
  const unit = choice(
    sequence(oneOf(charactersOf('0123456789abcefABCEF')), hex, hex, hex),
    sequence(oneOf(charactersOf('dD')), oneOf(charactersOf('01234567')), hex, hex),
  )
  const high = sequence(oneOf(charactersOf('dD')), oneOf(charactersOf('89abAB')), hex, hex)
  const low = sequence(oneOf(charactersOf('dD')), oneOf(charactersOf('cdefCDEF')), hex, hex)
  return choice(oneOf(charactersOf('"\\/bfnrt')), sequence(text('u'), choice(unit, sequence(high, text('\\u'), low))))
}

function listed(open: string, item: Expression, close: string): Expression {
  return sequence(text(open), optional(sequence(item, repeat(sequence(text(', '), item), 0))), text(close))
}

/** A JSON string with one of these texts. */
export const quoted = (content: Expression): Expression => sequence(text('"'), inString(content), text('"'))

/** Texts as they stand in a JSON string. Each character has one way of being written: escaped only if it must be. */
export function inString(content: Expression): Expression {
  return rewrite(content, (leaf) => {
    if (leaf.kind === 'text') return text(JSON.stringify(leaf.text).slice(1, -1))
    const special: string[] = []
    for (const [first, last] of without(leaf.set, plain)) {
      for (let character = first; character <= last; character++) special.push(String.fromCodePoint(character))
    }
    const asIs = intersect(leaf.set, plain)
    return choice(
      ...(asIs.length > 0 ? [oneOf(asIs)] : []),
      ...special.map((each) => text(JSON.stringify(each).slice(1, -1))),
    )
  })
}

/** A value, word for word. */
export function jsonText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonText).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, each]) => `${JSON.stringify(key)}: ${jsonText(each)}`)
      .join(', ')}}`
  }
  return JSON.stringify(value)
}

/** Any text but these. */
export function otherThan(names: readonly string[]): Expression {
  const byFirst = new Map<number, string[]>()
  for (const name of names) {
    const first = name.codePointAt(0)
    if (first === undefined) continue
    const rest = name.slice(first > 0xffff ? 2 : 1)
    byFirst.set(first, [...(byFirst.get(first) ?? []), rest])
  }
  const others = without(
    everyCharacter,
    characters([...byFirst.keys()].map((character) => [character, character] as const)),
  )
  return choice(
    ...(names.includes('') ? [] : [sequence()]),
    sequence(oneOf(others), repeat(oneOf(everyCharacter), 0)),
    ...[...byFirst].map(([first, rest]) => sequence(oneOf([[first, first]]), otherThan(rest))),
  )
}
