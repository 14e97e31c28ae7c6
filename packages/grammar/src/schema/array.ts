import { choice, empty, type Expression, isNever, never, repeat, sequence, text } from '../language/expression.js'
import { json } from './json-text.js'
import type { SchemaCompiler } from './language.js'
import { below, type SchemaObject } from './path.js'

/**
 * A list. One with `prefixItems` is written whole and without more, unless `minItems` or `items` say otherwise.
 */
export function arrayOf(schema: SchemaObject, path: string, compiler: SchemaCompiler): Expression {
  const prefix = ((schema['prefixItems'] ?? []) as unknown[]).map((item, i) =>
    compiler.expression(item, below(path, 'prefixItems', i)),
  )
  const { maxItems: max = Infinity } = schema as { maxItems?: number }
  const { minItems: min = Math.min(prefix.length, max) } = schema as { minItems?: number }
  const rest = restOf(schema, path, prefix.length, min, compiler)
  return sequence(text('['), itemsFrom(0, { prefix, rest, min, max }), text(']'))
}

interface List {
  readonly prefix: readonly Expression[]
  readonly rest: Expression
  readonly min: number
  readonly max: number
}

function restOf(schema: SchemaObject, path: string, prefix: number, min: number, compiler: SchemaCompiler): Expression {
  if ('items' in schema) return compiler.expression(schema['items'], below(path, 'items'))
  return prefix === 0 || min > prefix ? json.value : never
}

/** The items from the one at `at` on, with the commas between them. */
function itemsFrom(at: number, list: List): Expression {
  const { prefix, rest, min, max } = list
  const mayEnd = at >= min ? empty : never
  if (at >= max) return mayEnd
  const comma = at === 0 ? empty : text(', ')
  if (at < prefix.length) return choice(mayEnd, sequence(comma, prefix[at]!, itemsFrom(at + 1, list)))
  const least = Math.max(0, min - at)
  if (isNever(rest)) return mayEnd
  if (at > 0) return repeat(sequence(comma, rest), least, max - at)
  const more = repeat(sequence(text(', '), rest), Math.max(0, least - 1), max - 1)
  return choice(mayEnd, sequence(rest, more))
}
