import { invalid } from '../invalid.js'
import type { Expression } from '../language/expression.js'
import { numberFormats } from './formats.js'
import { type Bounds, integerBetween, numberBetween } from './number.js'
import type { SchemaObject } from './path.js'

export function integerIn(schema: SchemaObject, path: string): Expression {
  return integerBetween(boundsOf(schema, path))
}

export function numberIn(schema: SchemaObject, path: string): Expression {
  // Every multiple of 1 is whole.
  return 'multipleOf' in schema ? integerIn(schema, path) : numberBetween(boundsOf(schema, path))
}

function boundsOf(schema: SchemaObject, path: string): Bounds {
  const format = schema['format']
  const named = typeof format === 'string' && schema['type'] !== undefined ? numberFormats.get(format) : undefined
  const alsoString = [schema['type']].flat().includes('string')
  if (format !== undefined && !named && !alsoString) {
    throw invalid(`${path}/format: ${String(format)} is not known for numbers. Use minimum and maximum.`)
  }
  const [least, most] = named ?? [-Infinity, Infinity]
  const { minimum = -Infinity, exclusiveMinimum = -Infinity } = schema as Record<string, number>
  const { maximum = Infinity, exclusiveMaximum = Infinity } = schema as Record<string, number>
  const min = Math.max(least, minimum, exclusiveMinimum)
  const max = Math.min(most, maximum, exclusiveMaximum)
  return { min, max, aboveMin: exclusiveMinimum === min, belowMax: exclusiveMaximum === max }
}
