import type { JsonSchema } from '@foretoken/core'
import { pick } from './random.js'

type Schema = Exclude<JsonSchema, boolean>

const names = ['id', 'name', 'kind', 'items', 'tags', 'a b', 'größe', '漢', 'x"y', 'next', 'value', 'n1', 'active']
const formats = ['date', 'time', 'date-time', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uri', 'uuid']
const patterns = [
  '^[a-z]{1,8}$',
  '^\\d{3}-\\d{4}$',
  '^(red|green|blue)$',
  '^[A-Z][a-z]{0,5}( [A-Z][a-z]{0,5}){0,2}$',
  '^\\p{Lu}\\w{0,6}$',
  '^[^"\\\\]{2,5}$',
  '^#[0-9a-f]{6}$',
]

/**
 * A schema of what is supported, the same for the same numbers. Strings, lists and numbers are bounded, so that texts end;
 * with `recursive` schemas they do if what writes them wants to.
 */
export function randomSchema(random: () => number, { recursive = true } = {}): Schema {
  const whole = (least: number, most: number) => least + Math.floor(random() * (most - least + 1))
  const sometimes = (chance: number) => random() < chance
  const definitions: Record<string, Schema> = {}

  const text = (): Schema => {
    const way = random()
    if (way < 0.25) return { type: 'string', format: pick(formats, random) }
    if (way < 0.5) {
      const pattern = pick(patterns, random)
      return { type: 'string', pattern, ...(sometimes(0.3) && { minLength: 1, maxLength: whole(8, 20) }) }
    }
    const minLength = whole(0, 3)
    return { type: 'string', ...(sometimes(0.5) && { minLength }), maxLength: minLength + whole(0, 40) }
  }

  const number = (): Schema => {
    const type = sometimes(0.5) ? 'integer' : 'number'
    const scale = 10 ** whole(0, 6)
    const round = (value: number) => (type === 'integer' ? Math.round(value) : Number(value.toPrecision(4)))
    const low = round((random() * 2 - 1) * scale)
    const high = round(low + 2 + random() * scale)
    return {
      type,
      ...(sometimes(0.8) && (sometimes(0.7) ? { minimum: low } : { exclusiveMinimum: low })),
      ...(sometimes(0.8) && (sometimes(0.7) ? { maximum: high } : { exclusiveMaximum: high })),
    }
  }

  const list = (depth: number): Schema => {
    const minItems = whole(0, 2)
    if (sometimes(0.25)) {
      const prefixItems = Array.from({ length: whole(1, 3) }, () => schema(depth - 1))
      return { type: 'array', prefixItems, minItems: prefixItems.length, items: false }
    }
    const items = schema(depth - 1)
    return { type: 'array', items, ...(sometimes(0.5) && { minItems }), maxItems: minItems + whole(0, 3) }
  }

  const object = (depth: number): Schema => {
    const properties: Record<string, Schema> = {}
    for (let i = whole(0, 5); i > 0; i--) properties[pick(names, random)] = schema(depth - 1)
    const listed = Object.keys(properties)
    const required = listed.filter(() => sometimes(0.6))
    return {
      type: 'object',
      properties,
      ...(required.length > 0 && { required }),
      ...((sometimes(0.7) || listed.length === 0) && { additionalProperties: false }),
      ...(sometimes(0.1) && listed.length > 1 && { minProperties: Math.min(listed.length, required.length + 1) }),
      ...(sometimes(0.1) && { maxProperties: required.length + 1 }),
    }
  }

  const combined = (depth: number): Schema => {
    const way = random()
    if (way < 0.4) return { anyOf: [schema(depth - 1), schema(depth - 1)] }
    if (way < 0.55) {
      const variant = (kind: string) => ({
        type: 'object',
        properties: { kind: { const: kind }, value: schema(depth - 1) },
        required: ['kind'],
      })
      return { oneOf: [variant('a'), variant('b'), { type: 'null' }] }
    }
    if (way < 0.75) {
      const name = `d${Object.keys(definitions).length}`
      definitions[name] = {}
      definitions[name] = schema(depth - 1)
      return { $ref: `#/$defs/${name}`, description: 'somewhere else' }
    }
    if (recursive && way < 0.85) {
      definitions['tree'] = {
        type: 'object',
        properties: {
          value: { type: 'integer', minimum: 0, maximum: 99 },
          children: { type: 'array', items: { $ref: '#/$defs/tree' }, maxItems: 2 },
        },
        required: ['value'],
        additionalProperties: false,
      }
      return { $ref: '#/$defs/tree' }
    }
    // What is closed by itself could not be added to.
    const { additionalProperties: _, maxProperties: __, ...open } = object(1)
    return { allOf: [open, { properties: { extra: { type: 'boolean' } }, required: ['extra'] }] }
  }

  const schema = (depth: number): Schema => {
    const way = random()
    if (depth > 0 && way < 0.25) return object(depth)
    if (depth > 0 && way < 0.37) return list(depth)
    if (depth > 0 && way < 0.47) return combined(depth)
    if (way < 0.65) return text()
    if (way < 0.82) return number()
    if (way < 0.88) return { enum: ['red', 'a "quoted" one', 3, null, { a: [1, true] }, 'naïve\n'].slice(whole(0, 3)) }
    if (way < 0.91) return { const: pick(['fixed', 7, [], { x: null }], random) }
    if (way < 0.95) return { type: ['string', 'null'], maxLength: 6 }
    return { type: pick(['boolean', 'null'], random) }
  }

  const root = sometimes(0.8) ? object(3) : schema(3)
  const $defs = Object.keys(definitions).length > 0 ? { $defs: definitions } : {}
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', ...root, ...$defs }
}
