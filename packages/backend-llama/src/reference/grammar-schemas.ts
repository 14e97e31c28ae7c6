import type { GbnfJsonSchema, Llama } from 'node-llama-cpp'
import type { Numbers } from './rows.js'

type Schema = GbnfJsonSchema

const keys = ['id', 'name', 'kind', 'tags', 'a b', 'größe', '漢', 'x"y', 'next', 'n1']

/** A schema of what node-llama-cpp turns into a grammar, the same for the same numbers. */
export function randomSchema(numbers: Numbers): Schema {
  const schema = draw(numbers, 3)
  // Most are objects at the top, as with people.
  return numbers.uniform() < 0.3 ? schema : object(numbers, 3)
}

function draw(numbers: Numbers, depth: number): Schema {
  const ways = [text, text, plain, plain, fixed]
  return numbers.pick(depth > 0 ? [...ways, object, object, list, tuple, either] : ways)(numbers, depth)
}

function text(numbers: Numbers): Schema {
  if (numbers.uniform() < 0.3) return { type: 'string', format: numbers.pick(['date', 'time', 'date-time'] as const) }
  const minLength = numbers.below(4)
  return numbers.pick<Schema>([
    { type: 'string' },
    { type: 'string', maxLength: numbers.below(60) },
    { type: 'string', minLength, maxLength: minLength + numbers.below(20) },
    { type: 'string', minLength },
  ])
}

function plain(numbers: Numbers): Schema {
  return {
    type: numbers.pick([
      'number',
      'integer',
      'boolean',
      'null',
      ['integer', 'null'],
      ['string', 'number', 'boolean'],
    ] as const),
  }
}

function fixed(numbers: Numbers): Schema {
  return numbers.pick<Schema>([
    { enum: ['red', 'redder', 'a "quoted" one', 3, 31, null, true, 'naïve\n'] },
    { const: 'fixed – 😀' },
    { const: 7.5 },
    { enum: ['x'] },
  ])
}

function object(numbers: Numbers, depth: number): Schema {
  const names = numbers.shuffled(keys).slice(0, 1 + numbers.below(5))
  const properties = Object.fromEntries(names.map((name) => [name, draw(numbers, depth - 1)]))
  const way = numbers.uniform()
  if (way < 0.65) return { type: 'object', properties }
  const additionalProperties = way < 0.8 ? true : draw(numbers, depth - 1)
  if (way < 0.9) return { type: 'object', properties, additionalProperties }
  return { type: 'object', additionalProperties, minProperties: numbers.below(3), maxProperties: 3 + numbers.below(3) }
}

function list(numbers: Numbers, depth: number): Schema {
  const minItems = numbers.below(4)
  const items = draw(numbers, depth - 1)
  return numbers.pick<Schema>([
    { type: 'array', items },
    { type: 'array', items, minItems },
    { type: 'array', items, minItems, maxItems: minItems + numbers.below(6) },
    { type: 'array' },
  ])
}

function tuple(numbers: Numbers, depth: number): Schema {
  const prefixItems = Array.from({ length: 1 + numbers.below(3) }, () => draw(numbers, depth - 1))
  const items = draw(numbers, depth - 1)
  return numbers.uniform() < 0.5
    ? { type: 'array', prefixItems, minItems: prefixItems.length, maxItems: prefixItems.length }
    : { type: 'array', prefixItems, items, maxItems: prefixItems.length + numbers.below(4) }
}

function either(numbers: Numbers, depth: number): Schema {
  return { oneOf: Array.from({ length: 2 + numbers.below(2) }, () => draw(numbers, depth - 1)) }
}

/** One that contains itself, and uses another twice. */
export const recursiveSchema: Schema = {
  type: 'object',
  $defs: {
    point: { type: 'array', prefixItems: [{ type: 'number' }, { type: 'number' }], minItems: 2, maxItems: 2 },
    tree: {
      type: 'object',
      properties: {
        value: { oneOf: [{ type: 'null' }, { $ref: '#/$defs/point' }] },
        children: { type: 'array', items: { $ref: '#/$defs/tree' } },
      },
    },
  },
  properties: { from: { $ref: '#/$defs/point' }, root: { $ref: '#/$defs/tree' } },
}

/** What node-llama-cpp makes of a schema. Its types want to know which it is. */
export async function grammarOf(llama: Llama, schema: Schema): Promise<string> {
  return (await llama.createGrammarForJsonSchema(schema as { readonly type: 'null' })).grammar
}
