import { invalid } from '../invalid.js'
import { annotations } from './keywords.js'
import { isObject, type Schema, schemaAt, type SchemaObject } from './path.js'

/**
 * One schema that holds where both hold.
 *
 * @returns `false` when none can.
 * @throws `invalid-argument` for what cannot be written as one.
 */
export function merge(a: Schema, b: Schema, path: string): Schema {
  if (typeof a === 'boolean') return a ? b : false
  if (typeof b === 'boolean') return b ? a : false
  const merged: Record<string, unknown> = { ...a }
  for (const [keyword, value] of Object.entries(b)) {
    if (annotations.has(keyword) || keyword.startsWith('x-')) continue
    const present = merged[keyword]
    if (present === undefined) merged[keyword] = value
    else if (!same(present, value)) merged[keyword] = mergeKeyword(keyword, present, value, path)
  }
  mergeProperties(merged, a, b, path)
  if (Array.isArray(merged['type']) && merged['type'].length === 0) return false
  if (Array.isArray(merged['enum']) && merged['enum'].length === 0) return false
  return merged
}

function mergeKeyword(keyword: string, a: unknown, b: unknown, path: string): unknown {
  switch (keyword) {
    case 'type':
      return sharedTypes([a].flat() as string[], [b].flat() as string[])
    case 'enum':
      return (a as unknown[]).filter((one) => (b as unknown[]).some((other) => same(one, other)))
    case 'required':
      return [...new Set([...(a as string[]), ...(b as string[])])]
    case 'minimum':
    case 'exclusiveMinimum':
    case 'minLength':
    case 'minItems':
    case 'minProperties':
      return Math.max(a as number, b as number)
    case 'maximum':
    case 'exclusiveMaximum':
    case 'maxLength':
    case 'maxItems':
    case 'maxProperties':
      return Math.min(a as number, b as number)
    case 'items':
      return { allOf: [a, b] }
    case 'allOf':
      return [...(a as unknown[]), ...(b as unknown[])]
    case 'pattern':
      return [a, b].flat()
    case 'properties':
    case 'additionalProperties':
      // Seen to by mergeProperties.
      return a
    default:
      throw invalid(`${path} takes ${keyword} from two places, which cannot be held to together. Write it in one.`)
  }
}

/** What one side says of a property holds for it along with what the other side says of the rest. */
function mergeProperties(merged: Record<string, unknown>, a: SchemaObject, b: SchemaObject, path: string): void {
  const [mine, theirs] = [a, b].map((schema) => (isObject(schema['properties']) ? schema['properties'] : {})) as [
    SchemaObject,
    SchemaObject,
  ]
  if (('patternProperties' in a && speaksOfProperties(b)) || ('patternProperties' in b && speaksOfProperties(a))) {
    throw invalid(`${path} takes patternProperties and other properties from two places. Write them in one.`)
  }
  const names = new Set([...Object.keys(mine), ...Object.keys(theirs)])
  if (names.size > 0) {
    const properties: [string, unknown][] = []
    for (const name of names) {
      const first = Object.hasOwn(mine, name) ? mine[name] : (a['additionalProperties'] ?? true)
      const second = Object.hasOwn(theirs, name) ? theirs[name] : (b['additionalProperties'] ?? true)
      properties.push([name, together(first, second, path)])
    }
    merged['properties'] = Object.fromEntries(properties)
  }
  if ('additionalProperties' in a && 'additionalProperties' in b) {
    merged['additionalProperties'] = together(a['additionalProperties'], b['additionalProperties'], path)
  }
  for (const keyword of ['items', 'prefixItems']) {
    const other = keyword === 'items' ? 'prefixItems' : 'items'
    if (keyword in a && other in b && !(keyword in b && other in a)) {
      throw invalid(`${path} takes items and prefixItems from two places. Write them in one.`)
    }
  }
}

function speaksOfProperties(schema: SchemaObject): boolean {
  return ['properties', 'patternProperties', 'additionalProperties'].some((keyword) => keyword in schema)
}

function together(a: unknown, b: unknown, path: string): Schema {
  const [first, second] = [schemaAt(a, path), schemaAt(b, path)]
  if (first === true || same(first, second)) return second
  if (second === true) return first
  return first === false || second === false ? false : { allOf: [first, second] }
}

function sharedTypes(a: readonly string[], b: readonly string[]): string[] {
  const has = (types: readonly string[], type: string) =>
    types.includes(type) || (type === 'integer' && types.includes('number'))
  return [...new Set([...a, ...b])].filter((type) => has(a, type) && has(b, type))
}

/** Whether two JSON values are equal; the order of keys does not count. */
export function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((each, i) => same(each, b[i]))
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a)
    return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]))
  }
  return a === b
}
