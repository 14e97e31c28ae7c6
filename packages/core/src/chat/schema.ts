import type { JsonSchema } from '../constrain/format.js'
import type { Tool } from '../model.js'
import type { ToolForm } from './form.js'

/** What the JSON of calls looks like when there has to be one of these tools. */
export function callsSchema(
  tools: readonly Tool[],
  { list, argumentsKey }: Pick<ToolForm, 'list' | 'argumentsKey'>,
  parallel: boolean,
): JsonSchema {
  const calls = (path: string): JsonSchema => ({
    anyOf: tools.map(({ name, parameters = noParameters }, at) => ({
      type: 'object',
      properties: {
        name: { const: name },
        [argumentsKey]: objectAt(parameters, `${path}/anyOf/${at}/properties/${argumentsKey}`),
      },
      required: ['name', argumentsKey],
      additionalProperties: false,
    })),
  })
  if (!list) return calls('#')
  return { type: 'array', items: calls('#/items'), minItems: 1, ...(!parallel && { maxItems: 1 }) }
}

const noParameters = { type: 'object', properties: {} }

/** A schema of an object that stands at `path` of another one: what it refers to within itself is found there. */
function objectAt(schema: JsonSchema, path: string): JsonSchema {
  if (typeof schema === 'boolean') return { type: 'object' }
  const { $schema: _, ...moved } = moveReferences(schema, path) as { readonly [keyword: string]: unknown }
  return 'type' in moved || '$ref' in moved ? moved : { type: 'object', ...moved }
}

/** Hold values, not schemas. */
const values = new Set(['const', 'enum', 'default', 'example', 'examples'])

function moveReferences(value: unknown, path: string): unknown {
  if (Array.isArray(value)) return value.map((each) => moveReferences(each, path))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => {
      if (key === '$ref' && typeof each === 'string' && each.startsWith('#')) return [key, path + each.slice(1)]
      return [key, values.has(key) ? each : moveReferences(each, path)]
    }),
  )
}
