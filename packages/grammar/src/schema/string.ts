import { invalid } from '../invalid.js'
import { type Expression, repeat, sequence, text } from '../language/expression.js'
import { both, ofLength, type RuleBook } from '../language/intersection.js'
import { anywhere, wholeMatch } from '../regex/language.js'
import { formats, numberFormats } from './formats.js'
import { inString, json, quoted } from './json-text.js'
import type { SchemaCompiler } from './language.js'
import type { SchemaObject } from './path.js'

/** Lengths count characters, as JSON schemas do, however many bytes or escapes they take. */
export function stringOf(schema: SchemaObject, path: string, compiler: SchemaCompiler): Expression {
  const { minLength: min = 0, maxLength: max = Infinity } = schema as { minLength?: number; maxLength?: number }
  const parts = [schema['pattern'] ?? []].flat().map((pattern) => inPath(path, () => anywhere(String(pattern))))
  const format = formatOf(schema, path)
  if (format !== undefined) parts.unshift(wholeMatch(format))
  if (parts.length === 0) {
    const free = min === 0 && max === Infinity
    return free ? json.string : sequence(text('"'), repeat(json.character, min, max), text('"'))
  }
  const own = new Map<string, Expression>()
  const book: RuleBook = {
    fresh: (hint) => compiler.fresh(hint),
    get: (name) => own.get(name),
    set: (name, body) => own.set(name, body),
  }
  let content: Expression | undefined = parts.shift()
  for (const part of parts) content &&= both(content, part, book)
  content &&= ofLength(content, min, max, book)
  if (!content) {
    throw invalid(
      `${path} holds a string to a pattern or format and more, which is too much at a time. Put it into one pattern: ` +
        '^[a-z]{1,20}$.',
    )
  }
  for (const [name, body] of own) compiler.set(name, inString(body))
  return quoted(content)
}

function formatOf({ format, type }: SchemaObject, path: string): string | undefined {
  if (format === undefined) return undefined
  const known = formats.get(String(format))
  if (known === undefined) {
    // It speaks of the numbers that the schema also allows.
    if (numberFormats.has(String(format)) && Array.isArray(type)) return undefined
    throw invalid(
      `${path}/format: ${String(format)} is not supported. There are ${[...formats.keys()].join(', ')}; or use a pattern.`,
    )
  }
  return known
}

function inPath<T>(path: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw invalid(`${path}/pattern: ${(error as Error).message}`)
  }
}
