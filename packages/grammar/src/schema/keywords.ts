/** Say nothing about what is valid. */
export const annotations: ReadonlySet<string> = new Set([
  '$schema',
  '$id',
  '$comment',
  '$defs',
  'definitions',
  '$vocabulary',
  'title',
  'description',
  'default',
  'example',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  'contentEncoding',
  'contentMediaType',
  'contentSchema',
  'markdownDescription',
  'enumDescriptions',
])

/** Which type a keyword speaks of. A schema without `type` is of the types of its keywords. */
export const typeOfKeyword: ReadonlyMap<string, JsonType> = new Map<string, JsonType>([
  ...['properties', 'required', 'additionalProperties', 'patternProperties', 'propertyNames'].map(asObject),
  ...['minProperties', 'maxProperties', 'unevaluatedProperties'].map(asObject),
  ...['items', 'prefixItems', 'minItems', 'maxItems', 'uniqueItems', 'unevaluatedItems'].map(asArray),
  ...['minLength', 'maxLength', 'pattern', 'format'].map((name) => [name, 'string'] as const),
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'].map(
    (name) => [name, 'number'] as const,
  ),
])

/** Speak of every type. */
export const general: ReadonlySet<string> = new Set(['type', 'enum', 'const', 'anyOf', 'oneOf', 'allOf', '$ref'])

/** What is not done, and what to do instead. */
export const refused: ReadonlyMap<string, string> = new Map([
  ['not', 'Say what is allowed instead: enum, pattern, anyOf'],
  ['if', 'Write the cases as anyOf'],
  ['then', 'Write the cases as anyOf'],
  ['else', 'Write the cases as anyOf'],
  ['dependentRequired', 'Write the cases as anyOf'],
  ['dependentSchemas', 'Write the cases as anyOf'],
  ['dependencies', 'Write the cases as anyOf'],
  ['contains', 'Say what every item is, with items or prefixItems'],
  ['minContains', 'Say what every item is, with items or prefixItems'],
  ['maxContains', 'Say what every item is, with items or prefixItems'],
  ['additionalItems', 'Use prefixItems, and items for the rest'],
  ['nullable', 'Add "null" to type'],
  ['$anchor', 'Refer by path: #/$defs/name'],
  ['$dynamicRef', 'Use $ref'],
  ['$dynamicAnchor', 'Use $ref'],
  ['$recursiveRef', 'Use $ref'],
  ['$recursiveAnchor', 'Use $ref'],
])

export const jsonTypes = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'] as const
export type JsonType = (typeof jsonTypes)[number]

function asObject(name: string): [string, JsonType] {
  return [name, 'object']
}

function asArray(name: string): [string, JsonType] {
  return [name, 'array']
}
