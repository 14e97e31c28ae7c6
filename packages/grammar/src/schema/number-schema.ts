import { invalid } from '../invalid.js'
import type { Expression } from '../language/expression.js'
import { numberFormats } from './formats.js'
import { wholeDigits } from './json-text.js'
import { type Bounds, integerBetween, largest, numberBetween } from './number.js'
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
  mustBeWritable(schema, path)
  const [least, most] = named ?? [-Infinity, Infinity]
  const { minimum = -Infinity, exclusiveMinimum = -Infinity } = schema as Record<string, number>
  const { maximum = Infinity, exclusiveMaximum = Infinity } = schema as Record<string, number>
  const min = Math.max(least, minimum, exclusiveMinimum)
  const max = Math.min(most, maximum, exclusiveMaximum)
  return { min, max, aboveMin: exclusiveMinimum === min, belowMax: exclusiveMaximum === max }
}

/** Bounds beyond what is written here would leave no number, and those that doubles barely tell apart would not be kept to. */
function mustBeWritable(schema: SchemaObject, path: string): void {
  for (const keyword of ['minimum', 'exclusiveMinimum', 'maximum', 'exclusiveMaximum']) {
    const bound = schema[keyword]
    if (typeof bound !== 'number') continue
    if (keyword.endsWith('inimum') ? bound > largest : bound < -largest) {
      throw invalid(
        `${path}/${keyword} is beyond the ${wholeDigits} digits that numbers are written with. Bring it closer to 0.`,
      )
    }
    const fine = Number(bound.toPrecision(wholeDigits)) !== bound || (bound !== 0 && Math.abs(bound) < smallest)
    if (keyword.startsWith('exclusive') && Math.abs(bound) <= largest && fine) {
      throw invalid(
        `${path}/${keyword} needs more than the ${wholeDigits} digits that keep numbers apart. Round it, or use ` +
          `${keyword.slice(9).toLowerCase()}.`,
      )
    }
  }
}

/** Below this, doubles have fewer digits. */
const smallest = 1e-290
