import { isObject, resolve, type Schema, type SchemaObject } from './path.js'
import { same } from './merge.js'

/**
 * Whether no value can be valid for both: they are of other types, have other values, or are objects that tell themselves
 * apart by a property. `false` when that cannot be told.
 */
export function disjoint(a: Schema, b: Schema, root: Schema, depth = 0): boolean {
  if (a === false || b === false) return true
  if (a === true || b === true || depth > 8) return false
  const [one, other] = [expanded(a, root), expanded(b, root)]
  if (one === undefined || other === undefined) return false
  const [values, others] = [valuesOf(one), valuesOf(other)]
  if (values && others) return !values.some((value) => others.some((each) => same(value, each)))
  const [types, otherTypes] = [typesOf(one), typesOf(other)]
  if (types && otherTypes && !types.some((type) => otherTypes.includes(type))) return true
  if (!only(types, 'object') || !only(otherTypes, 'object')) return false
  const [required, alsoRequired] = [namesIn(one['required']), namesIn(other['required'])]
  return required.some((name) => {
    if (!alsoRequired.includes(name)) return false
    const [mine, theirs] = [propertyOf(one, name), propertyOf(other, name)]
    return mine !== undefined && theirs !== undefined && disjoint(mine, theirs, root, depth + 1)
  })
}

/** What a schema is that only refers to another one. */
function expanded(schema: SchemaObject, root: Schema, depth = 0): SchemaObject | undefined {
  if (!('$ref' in schema)) return schema
  const target = resolve(root, schema['$ref'], '$ref')
  return isObject(target) && depth < 8 ? expanded(target, root, depth + 1) : undefined
}

function valuesOf(schema: SchemaObject): readonly unknown[] | undefined {
  if ('const' in schema) return [schema['const']]
  return Array.isArray(schema['enum']) ? schema['enum'] : undefined
}

function typesOf(schema: SchemaObject): readonly string[] | undefined {
  const values = valuesOf(schema)
  if (values) return values.map(typeOf)
  if (schema['type'] === undefined) return undefined
  return [schema['type']].flat().map((type) => (type === 'integer' ? 'number' : String(type)))
}

/** The type of a value; whole numbers are numbers. */
export function typeOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function only(types: readonly string[] | undefined, type: string): boolean {
  return types?.length === 1 && types[0] === type
}

function namesIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value : []
}

function propertyOf(schema: SchemaObject, name: string): Schema | undefined {
  const properties = schema['properties']
  return isObject(properties) && Object.hasOwn(properties, name) ? (properties[name] as Schema) : undefined
}
