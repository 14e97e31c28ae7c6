import { invalid } from '../invalid.js'
import { choice, empty, type Expression, isNever, never, repeat, rule, sequence, text } from '../language/expression.js'
import { anywhere } from '../regex/language.js'
import { json, otherThan, quoted } from './json-text.js'
import type { SchemaCompiler } from './language.js'
import { below, isObject, type SchemaObject } from './path.js'

/**
 * An object: its properties in the order of the schema, then whatever else it may have.
 *
 * A schema that lists properties means these: others come only if `additionalProperties` or `patternProperties` say so.
 */
export function objectOf(schema: SchemaObject, path: string, compiler: SchemaCompiler): Expression {
  const listed = listedIn(schema, path, compiler)
  const extra = extraIn(schema, path, compiler)
  const { minProperties: min = 0, maxProperties: max = Infinity } = schema as Record<string, number>
  const required = listed.filter((property) => property.required).length
  if (!isNever(extra) && min > required + 1) {
    throw invalid(
      `${path}/minProperties cannot be held to: the same name may be written twice. List the properties, or require ` +
        'those that must be there.',
    )
  }
  // Counts above this one make no difference.
  const most = Math.max(1, min, max === Infinity ? 0 : max)
  const tails = new Map<string, Expression>()

  /** What follows when `count` properties have been written, and the next to be decided on is `at`. */
  const from = (at: number, count: number): Expression => {
    if (at === listed.length) return more(extra, count, min, max)
    const { pair, required } = listed[at]!
    const written =
      count < max ? sequence(text(count === 0 ? '' : ', '), pair, from(at + 1, Math.min(count + 1, most))) : never
    if (required) return written
    const key = `${at} ${count}`
    let tail = tails.get(key)
    if (!tail) {
      const name = compiler.fresh(path)
      tails.set(key, (tail = rule(name)))
      compiler.set(name, choice(written, from(at + 1, count)))
    }
    return tail
  }
  return sequence(text('{'), from(0, 0), text('}'))
}

interface Listed {
  readonly pair: Expression
  readonly required: boolean
}

function listedIn(schema: SchemaObject, path: string, compiler: SchemaCompiler): Listed[] {
  const properties = (schema['properties'] ?? {}) as SchemaObject
  const required = (schema['required'] ?? []) as readonly string[]
  const listed = Object.entries(properties).map(([name, value]) => ({
    pair: sequence(text(`${JSON.stringify(name)}: `), compiler.expression(value, below(path, 'properties', name))),
    required: required.includes(name),
  }))
  for (const name of new Set(required)) {
    if (Object.hasOwn(properties, name)) continue
    if ('patternProperties' in schema) throw invalid(`${path}/required: list ${name} under properties.`)
    const value = compiler.expression(schema['additionalProperties'] ?? true, below(path, 'additionalProperties'))
    listed.push({ pair: sequence(text(`${JSON.stringify(name)}: `), value), required: true })
  }
  return listed.filter(({ pair, required }) => required || !isNever(pair))
}

/** One property that is not listed; never, if there are none. */
function extraIn(schema: SchemaObject, path: string, compiler: SchemaCompiler): Expression {
  const names = [...Object.keys((schema['properties'] ?? {}) as object), ...((schema['required'] ?? []) as string[])]
  const patterns = schema['patternProperties']
  if (isObject(patterns)) return patternPair(schema, patterns, names, path, compiler)
  const value = schema['additionalProperties'] ?? !('properties' in schema || 'required' in schema)
  const closed = value === false || (schema['unevaluatedProperties'] === false && !('additionalProperties' in schema))
  if ('propertyNames' in schema && names.length > 0) {
    throw invalid(`${path}/propertyNames is not supported beside listed properties. Remove one of them.`)
  }
  if (closed) return never
  return sequence(
    keyOf(schema, names, path, compiler),
    text(': '),
    compiler.expression(value, below(path, 'additionalProperties')),
  )
}

function keyOf(schema: SchemaObject, names: readonly string[], path: string, compiler: SchemaCompiler): Expression {
  if (!('propertyNames' in schema)) return names.length === 0 ? json.string : quoted(otherThan(names))
  const value = schema['propertyNames']
  if (value === false) return never
  const asString = isObject(value) && !('$ref' in value) ? { type: 'string', ...value } : value
  if (isObject(asString) && asString['type'] === 'string') {
    return compiler.expression(asString, below(path, 'propertyNames'))
  }
  throw invalid(`${path}/propertyNames must be a schema of type string, written out in place.`)
}

function patternPair(
  schema: SchemaObject,
  patterns: SchemaObject,
  names: readonly string[],
  path: string,
  compiler: SchemaCompiler,
): Expression {
  const at = below(path, 'patternProperties')
  if ((schema['additionalProperties'] ?? false) !== false || 'propertyNames' in schema) {
    throw invalid(`${at} is supported only where nothing else is allowed. Set additionalProperties to false.`)
  }
  const entries = Object.entries(patterns)
  if (entries.length > 1) throw invalid(`${at} is supported with one pattern. Join those that are there: ^(a|b).`)
  return choice(
    ...entries.map(([pattern, value]) => {
      const key = quoted(anywhere(pattern))
      const caught = names.find((name) => new RegExp(pattern, 'u').test(name))
      if (caught !== undefined) {
        throw invalid(`${at} also matches ${caught}, which is listed. Change the pattern so that it does not.`)
      }
      return sequence(key, text(': '), compiler.expression(value, below(at, pattern)))
    }),
  )
}

/** Properties that are not listed, after `count` others. */
function more(extra: Expression, count: number, min: number, max: number): Expression {
  const least = Math.max(0, min - count)
  if (isNever(extra)) return least === 0 ? empty : never
  const another = sequence(text(', '), extra)
  if (count > 0) return repeat(another, least, max - count)
  const some = max > 0 ? sequence(extra, repeat(another, Math.max(0, least - 1), max - 1)) : never
  return choice(least === 0 ? empty : never, some)
}
