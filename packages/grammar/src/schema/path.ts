import { invalid } from '../invalid.js'

/** A schema that is not just true or false. */
export type SchemaObject = { readonly [keyword: string]: unknown }
export type Schema = boolean | SchemaObject

/** @throws `invalid-argument` when it is no schema. */
export function schemaAt(value: unknown, path: string): Schema {
  if (typeof value === 'boolean' || isObject(value)) return value
  throw invalid(`${path} must be a schema: an object, true or false.`)
}

export function isObject(value: unknown): value is SchemaObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The path of what a schema holds, as a reference to it would be written. */
export function below(path: string, ...keys: readonly (string | number)[]): string {
  return [path, ...keys.map((key) => String(key).replaceAll('~', '~0').replaceAll('/', '~1'))].join('/')
}

/**
 * What `#/$defs/name` refers to.
 *
 * @throws `invalid-argument` for other documents and for what is not there.
 */
export function resolve(root: Schema, reference: unknown, path: string): Schema {
  if (typeof reference !== 'string') throw invalid(`${path} must be a text, such as "#/$defs/name".`)
  if (reference !== '#' && !reference.startsWith('#/')) {
    throw invalid(
      `${path} refers to ${reference}, which is not in this schema by its path. Put it under $defs, and refer to ` +
        'it as "#/$defs/name".',
    )
  }
  let found: unknown = root
  for (const part of reference.split('/').slice(1)) {
    const key = decoded(part).replaceAll('~1', '/').replaceAll('~0', '~')
    const holds = typeof found === 'object' && found !== null && Object.hasOwn(found, key)
    if (!holds) throw invalid(`${path} refers to ${reference}, which is not there. Check the path.`)
    found = (found as Record<string, unknown>)[key]
  }
  return schemaAt(found, reference)
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
