import { invalid } from '../invalid.js'
import { annotations, general, jsonTypes, refused, typeOfKeyword } from './keywords.js'
import { below, isObject, type SchemaObject } from './path.js'

/**
 * Refuses every keyword that would not be kept to: a schema is to hold for what it let through.
 *
 * @throws `invalid-argument` that names the keyword and where it is.
 */
export function checkKeywords(schema: SchemaObject, path: string): void {
  for (const [keyword, value] of Object.entries(schema)) {
    if (annotations.has(keyword) || keyword.startsWith('x-')) continue
    const at = below(path, keyword)
    const instead = refused.get(keyword)
    if (instead) throw invalid(`${at}: ${keyword} is not supported. ${instead}.`)
    if (!general.has(keyword) && !typeOfKeyword.has(keyword)) {
      throw invalid(`${at}: ${keyword} is not a known keyword. Check its spelling, or remove it.`)
    }
    const wrong = wrongValue(keyword, value)
    if (wrong) throw invalid(`${at} ${wrong}.`)
  }
  if ('$id' in schema && path !== '#') throw invalid(`${path}/$id: only a whole schema can have an $id. Remove it.`)
}

function wrongValue(keyword: string, value: unknown): string | undefined {
  switch (keyword) {
    case 'type': {
      const types = Array.isArray(value) ? value : [value]
      const known = types.length > 0 && types.every((type) => (jsonTypes as readonly unknown[]).includes(type))
      return known ? undefined : `must be one or more of ${jsonTypes.join(', ')}`
    }
    case 'enum':
    case 'anyOf':
    case 'oneOf':
    case 'allOf':
    case 'prefixItems':
      return Array.isArray(value) && value.length > 0 ? undefined : 'must be a list, and not empty'
    case 'properties':
    case 'patternProperties':
      return isObject(value) ? undefined : 'must be an object'
    case 'items':
      return Array.isArray(value) ? 'must be a schema; a list of schemas is called prefixItems' : undefined
    case 'required':
      return Array.isArray(value) && value.every((name) => typeof name === 'string')
        ? undefined
        : 'must be a list of names'
    case 'minLength':
    case 'maxLength':
    case 'minItems':
    case 'maxItems':
    case 'minProperties':
    case 'maxProperties':
      return Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : 'must be a whole number, 0 or more'
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return typeof value === 'number' && Number.isFinite(value) ? undefined : 'must be a number'
    case 'multipleOf':
      return value === 1 ? undefined : 'is not supported, but for 1. Use an enum, or check it afterwards'
    case 'uniqueItems':
      return value === false ? undefined : 'is not supported. Remove it, and check it afterwards'
    case 'unevaluatedProperties':
    case 'unevaluatedItems':
      return value === false ? undefined : 'is supported only as false. Use additionalProperties, or items'
    case 'pattern':
    case 'format':
      return typeof value === 'string' ? undefined : 'must be a text'
    default:
      return undefined
  }
}
