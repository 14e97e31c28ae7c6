import { ForetokenError, type JsonSchema } from '@foretoken/core'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { compileFormat } from '../index.js'
import { seeded } from '../testing/random.js'
import { testVocabulary } from '../testing/vocabulary.js'
import { accepts, randomText } from '../testing/walk.js'
import { formats as knownFormats } from './formats.js'

const vocabulary = testVocabulary()
const ajv = new Ajv2020({ strict: false })
formats.default(ajv)
const compile = (schema: JsonSchema) => compileFormat({ type: 'json', schema }, vocabulary)

/** Whatever comes out is valid, and what is given comes out as it should. */
function check(schema: JsonSchema, yes: readonly string[], no: readonly string[], texts = 25): void {
  const constraint = compile(schema)
  const validate = ajv.compile(schema)
  for (const text of yes) {
    expect(validate(JSON.parse(text)), `${text} is valid`).toBe(true)
    expect(accepts(constraint, text), `${text} is taken`).toBe(true)
  }
  for (const text of no) expect(accepts(constraint, text), `${text} is not taken`).toBe(false)
  const random = seeded(1)
  for (let i = 0; i < texts; i++) {
    const text = randomText(constraint, vocabulary, random)
    expect(validate(JSON.parse(text)), text).toBe(true)
  }
}

type Case = readonly [schema: JsonSchema, yes: readonly string[], no: readonly string[]]

describe('strings', () => {
  it.each<Case>([
    [{ type: 'string' }, ['""', '"a\\u00e9\\ud83d\\ude00😀\\/"'], ['"', '"\\ud83d"', '"\n"', 'a']],
    [{ type: 'string', minLength: 2, maxLength: 3 }, ['"😀😀"', '"\\ud83d\\ude00ab"', '"漢字漢"'], ['"😀"', '"abcd"']],
    [{ minLength: 1, maxLength: 500 }, [`"${'é'.repeat(500)}"`], ['""', `"${'é'.repeat(501)}"`]],
    [{ type: 'string', pattern: 'b' }, ['"b"', '"abc"', '"\\"b\\n"'], ['"a"', '""']],
    [{ type: 'string', pattern: '^a' }, ['"a"', '"abc"'], ['"ba"']],
    [{ type: 'string', pattern: 'a$' }, ['"a"', '"cba"'], ['"ab"']],
    [{ type: 'string', pattern: '^(a|b$)' }, ['"ac"', '"b"'], ['"bc"']],
    [{ type: 'string', pattern: '^["\\\\/\\n]+$' }, ['"\\"\\\\/\\n"'], ['"n"', '"\\/"']],
    [{ type: 'string', pattern: '^[a-z]+$', minLength: 3, maxLength: 40 }, ['"abc"', `"${'a'.repeat(40)}"`], ['"ab"']],
    [{ type: 'string', pattern: 'a.*b', maxLength: 6 }, ['"ab"', '"xaxxbx"'], ['"xaxxbxx"', '"ba"']],
    [{ type: 'string', pattern: '^(\\w+-)+\\w$', minLength: 5, maxLength: 9 }, ['"a-b-c"', '"aaa-bb-c"'], ['"a-b"']],
    [{ type: 'string', format: 'email', maxLength: 12 }, ['"a@bc.de"'], ['"a@bc"', '"aaaa@bbbb.com1"']],
    [{ type: 'string', format: 'date', pattern: '^20' }, ['"2024-02-29"'], ['"1999-01-01"', '"2023-02-29"']],
    [{ allOf: [{ pattern: '^a' }, { pattern: 'b$' }], type: 'string', maxLength: 4 }, ['"ab"', '"axyb"'], ['"axxyb"']],
  ])('%j', (schema, yes, no) => check(schema, yes, no))

  it.each([...knownFormats.keys()])('format %s: every text is valid', (format) => {
    check({ type: 'string', format }, [], ['""', '"a b"'], 150)
  })
  it.each<[string, readonly string[], readonly string[]]>([
    ['date', ['2024-02-29', '2000-02-29', '0000-02-29', '1999-12-31'], ['1900-02-29', '2023-04-31', '2023-13-01']],
    ['time', ['23:59:59Z', '00:00:00.5+05:30'], ['24:00:00Z', '12:00:00']],
    ['date-time', ['2024-02-29T12:00:00Z'], ['2024-02-29 12:00:00Z', '2024-02-29']],
    ['duration', ['P1Y2M3DT4H5M6S', 'PT1S', 'P2W', 'P1D'], ['P', 'PT', 'P1Y1D', '1D']],
    ['ipv4', ['0.0.0.0', '255.249.10.9'], ['256.1.1.1', '01.1.1.1', '1.1.1']],
    [
      'ipv6',
      ['::', '::1', '1::', '1:2:3:4:5:6:7:8', 'fe80::1:2', '1:2:3:4:5:6:7::'],
      ['1:2:3:4:5:6:7', ':::', '1::2::3'],
    ],
    ['email', ['a.b+c@example.co.uk'], ['a@b', '@example.com', 'a@-b.com']],
    ['hostname', ['localhost', 'a-b.example.com'], ['-a', 'a-', 'a..b']],
    ['uri', ['https://example.com', 'http://a.io:80/x/y%20z?q=1&r=2#top'], ['example.com', 'https://a b.com']],
    ['uuid', ['123e4567-e89b-12d3-a456-426614174000'], ['123e4567e89b12d3a456426614174000']],
  ])('format %s', (format, yes, no) => {
    const quote = (text: string) => `"${text}"`
    check({ type: 'string', format }, yes.map(quote), no.map(quote), 0)
  })
})

describe('numbers', () => {
  it.each<Case>(
    [
      [{ type: 'integer' }, ['0', '-7', '999999999999999'], ['-0', '01', '1.0', '1e3', '1000000000000000']],
      [{ type: 'number' }, ['0', '-0.5', '12.50', '1e10', '3E-2'], ['.5', '1.', '1e100', '+1']],
      [{ type: 'integer', minimum: 3, maximum: 120 }, ['3', '9', '10', '99', '120'], ['2', '121', '0', '-3', '1000']],
      [{ type: 'integer', exclusiveMinimum: -12, exclusiveMaximum: 5 }, ['-11', '-1', '0', '4'], ['-12', '5', '-0']],
      [{ type: 'integer', minimum: -50, maximum: -7 }, ['-50', '-7', '-10'], ['-51', '-6', '0', '7']],
      [{ type: 'integer', minimum: 0.5, maximum: 2.5 }, ['1', '2'], ['0', '3']],
      [{ type: 'integer', minimum: 1 }, ['1', '999999999999999'], ['0', '-1']],
      [{ type: 'integer', minimum: -9007199254740991, maximum: 9007199254740991 }, ['0', '-5'], ['1.5']],
      [{ type: 'integer', format: 'int32' }, ['2147483647', '-2147483648'], ['2147483648']],
      [{ type: 'number', multipleOf: 1, minimum: 0, maximum: 9 }, ['9'], ['9.5']],
      [
        { type: 'number', minimum: 0.25, maximum: 2.5 },
        ['0.25', '0.3', '1', '2.5', '2.50', '1.999'],
        ['0.2', '0.249', '2.51', '3'],
      ],
      [{ type: 'number', exclusiveMinimum: 0 }, ['0.1', '0.00001', '5'], ['0', '0.0', '-0.0', '-1']],
      [{ type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 }, ['0.5', '0.999'], ['0', '1', '0.000', '1.0']],
      [
        { type: 'number', minimum: -1.5, exclusiveMaximum: 0 },
        ['-1.5', '-0.1', '-1'],
        ['0', '-1.51', '-0', '-0.0', '-2'],
      ],
      [{ type: 'number', minimum: -180, maximum: 180 }, ['-180', '180.0', '12.345', '-0.5'], ['180.1', '-181', '1e2']],
      [{ type: 'number', minimum: 1e-7, maximum: 3e-7 }, ['0.0000001', '0.0000002', '0.00000030'], ['0', '0.0000004']],
      [{ type: 'number', minimum: 0.1, maximum: 0.1 }, ['0.1', '0.10'], ['0.11', '0']],
      [{ type: 'number', minimum: 1e21 }, [], []].slice(0, 0) as unknown as Case,
      [{ type: ['integer', 'null'], maximum: 3, minimum: 1 }, ['1', 'null'], ['4']],
    ].filter((each) => each.length > 0) as Case[],
  )('%j', (schema, yes, no) => check(schema, yes, no, 60))

  it('random bounds: what is on one side of them is told from what is on the other', () => {
    const random = seeded(42)
    for (let i = 0; i < 300; i++) {
      const scale = 10 ** Math.floor(random() * 8 - 3)
      const round = (value: number) => Number(value.toPrecision(1 + Math.floor(random() * 6)))
      const [a, b] = [round((random() - 0.5) * scale), round((random() - 0.5) * scale)]
      const [low, high] = [Math.min(a, b), Math.max(a, b)]
      const schema = {
        type: random() < 0.3 ? 'integer' : 'number',
        [random() < 0.5 ? 'minimum' : 'exclusiveMinimum']: low,
        [random() < 0.5 ? 'maximum' : 'exclusiveMaximum']: high,
      }
      const validate = ajv.compile(schema)
      let constraint
      try {
        constraint = compile(schema)
      } catch {
        expect([low, high, (low + high) / 2, Math.ceil(low), Math.ceil(low) + 1].some((n) => validate(n))).toBe(false)
        continue
      }
      for (const near of [low, high, (low + high) / 2, 0]) {
        for (const text of [near, near + scale / 1000, near - scale / 1000, near + scale, Math.round(near)].map((n) =>
          // As many places as may be written.
          n.toFixed(Math.min(10, Math.max(0, 3 - Math.floor(Math.log10(scale))))).replace(/^-(0(\.0*)?)$/, '$1'),
        )) {
          const written = schema.type === 'integer' ? text.replace(/\.0*$/, '') : text
          expect(accepts(constraint, written), `${JSON.stringify(schema)} ${written}`).toBe(
            validate(Number(written)) && !(schema.type === 'integer' && written.includes('.')),
          )
        }
      }
      expect(validate(JSON.parse(randomText(constraint, vocabulary, random)))).toBe(true)
    }
  })
})

describe('lists', () => {
  it.each<Case>([
    [{ type: 'array', maxItems: 3 }, ['[]', '[1, "a", {}]'], ['[1, 2, 3, 4]', '[1,2]', '[1, ]']],
    [
      { type: 'array', items: { type: 'boolean' }, minItems: 1, maxItems: 2 },
      ['[true]', '[true, false]'],
      ['[]', '[1]'],
    ],
    [
      { type: 'array', items: { type: 'null' }, minItems: 40, maxItems: 80 },
      [`[${'null, '.repeat(59)}null]`],
      ['[null]'],
    ],
    [{ type: 'array', items: false }, ['[]'], ['[1]']],
    [{ type: 'array', maxItems: 0 }, ['[]'], ['[1]']],
    [{ prefixItems: [{ type: 'null' }, { const: 1 }] }, ['[null, 1]'], ['[]', '[null]', '[null, 1, 1]']],
    [{ prefixItems: [{ type: 'null' }, { const: 1 }], minItems: 0 }, ['[]', '[null]', '[null, 1]'], ['[1]']],
    [
      { prefixItems: [{ type: 'null' }], items: { const: 1 }, minItems: 2, maxItems: 3 },
      ['[null, 1]', '[null, 1, 1]'],
      ['[null]', '[null, null]', '[null, 1, 1, 1]'],
    ],
  ])('%j', (schema, yes, no) => check(schema, yes, no))
})

describe('objects', () => {
  const ab = { a: { const: 1 }, b: { const: 2 } }
  it.each<Case>([
    [{ type: 'object' }, ['{}', '{"a": 1, "b": {}}'], ['{a: 1}', '{"a":1}']],
    [
      { properties: ab },
      ['{}', '{"a": 1}', '{"b": 2}', '{"a": 1, "b": 2}'],
      ['{"b": 2, "a": 1}', '{"c": 1}', '{"a": 2}'],
    ],
    [{ properties: ab, required: ['b'] }, ['{"b": 2}', '{"a": 1, "b": 2}'], ['{}', '{"a": 1}']],
    [{ properties: ab, minProperties: 1, maxProperties: 1 }, ['{"a": 1}', '{"b": 2}'], ['{}', '{"a": 1, "b": 2}']],
    [{ properties: { ...ab, c: false }, minProperties: 2 }, ['{"a": 1, "b": 2}'], ['{"a": 1}', '{"a": 1, "c": 1}']],
    [{ properties: ab, required: ['z'] }, ['{"z": [3]}', '{"a": 1, "z": null}'], ['{}', '{"z": 1, "a": 1}']],
    [
      { properties: { a: { const: 1 } }, additionalProperties: { type: 'null' } },
      ['{}', '{"a": 1, "b": null}', '{"ab": null}', '{"": null}', '{"a": 1, "x": null, "y": null}'],
      ['{"b": 1}', '{"a": null}', '{"b": null, "a": 1}', '{"\\u0061": null}', '{"b": null, "a": null}'],
    ],
    [{ additionalProperties: { type: 'boolean' }, maxProperties: 2 }, ['{}', '{"x": true, "y": true}'], ['{"x": 1}']],
    [{ minProperties: 1, additionalProperties: { const: 0 }, type: 'object' }, ['{"x": 0}'], ['{}']],
    [
      { patternProperties: { '^x': { const: 1 } }, additionalProperties: false },
      ['{}', '{"x": 1, "xy": 1}'],
      ['{"y": 1}'],
    ],
    [{ properties: ab, patternProperties: { '^x-': {} } }, ['{"a": 1, "x-": [1]}'], ['{"x": 1}']],
    [{ propertyNames: { pattern: '^[a-c]{1,3}$' }, type: 'object' }, ['{"abc": 1}'], ['{"d": 1}', '{"": 1}']],
    [{ propertyNames: { enum: ['a', 'b'] }, additionalProperties: { const: 1 } }, ['{"a": 1}'], ['{"c": 1}']],
    [{ properties: { 'q"\\\n': { const: 1 } }, required: ['q"\\\n'] }, ['{"q\\"\\\\\\n": 1}'], ['{}']],
    [{ properties: ab, unevaluatedProperties: false }, ['{"a": 1}'], ['{"c": 1}']],
  ])('%j', (schema, yes, no) => check(schema, yes, no))
})

describe('values and combinations', () => {
  it.each<Case>([
    [true, ['1', '"a"', '[{}]'], ['']],
    [{}, ['null'], ['x']],
    [{ title: 'only words', 'x-more': 1 }, ['null'], []],
    [{ enum: [1, 'a', [1, { b: null }], 'a'] }, ['1', '"a"', '[1, {"b": null}]'], ['2', '[1,{"b":null}]']],
    [{ type: 'string', enum: ['a', 1, null] }, ['"a"'], ['1', 'null']],
    [{ type: 'integer', enum: [1, 1.5] }, ['1'], ['1.5']],
    [{ const: 'é"\n' }, ['"é\\"\\n"'], ['"e"']],
    [{ type: ['string', 'null'], maxLength: 1 }, ['null', '"a"'], ['"ab"', '1']],
    [{ anyOf: [{ const: 1 }, { type: 'null' }, false] }, ['1', 'null'], ['2']],
    [
      { type: 'object', anyOf: [{ required: ['a'] }, { required: ['b'] }], properties: { a: {}, b: {} } },
      ['{"b": 1}'],
      ['{}'],
    ],
    [{ oneOf: [{ type: 'integer' }, { type: 'string' }] }, ['1', '"a"'], ['null']],
    [{ oneOf: [{ const: 1 }, { enum: [2, 3] }] }, ['1', '3'], ['4']],
    [
      {
        oneOf: [
          { type: 'object', properties: { kind: { const: 'a' }, x: { type: 'null' } }, required: ['kind', 'x'] },
          { type: 'object', properties: { kind: { enum: ['b', 'c'] } }, required: ['kind'] },
        ],
      },
      ['{"kind": "a", "x": null}', '{"kind": "c"}'],
      ['{"kind": "a"}', '{"kind": "b", "x": null}'],
    ],
    [{ allOf: [{ minimum: 2 }, { maximum: 4, minimum: 1 }], type: 'integer' }, ['2', '4'], ['1', '5']],
    [{ allOf: [{ type: 'number' }, { type: ['integer', 'string'] }], maximum: 3 }, ['3'], ['1.5', '"a"']],
    [
      { allOf: [{ properties: { a: { minimum: 1 } } }, { properties: { a: { maximum: 2, type: 'integer' }, b: {} } }] },
      ['{"a": 1}', '{"a": 2, "b": 0}'],
      ['{"a": 3}', '{"a": 0}'],
    ],
    [
      { $defs: { n: { type: 'integer' } }, properties: { a: { $ref: '#/$defs/n', maximum: 5 } }, required: ['a'] },
      ['{"a": 5}'],
      ['{"a": 6}'],
    ],
    [
      { definitions: { 'a/b~c d': { const: 1 } }, items: { $ref: '#/definitions/a~1b~0c%20d' }, maxItems: 3 },
      ['[1, 1]'],
      ['[2]'],
    ],
    [
      {
        type: 'object',
        properties: { v: { const: 1 }, next: { anyOf: [{ type: 'null' }, { $ref: '#' }] } },
        required: ['v'],
      },
      ['{"v": 1}', '{"v": 1, "next": {"v": 1, "next": null}}'],
      ['{"v": 1, "next": 1}'],
    ],
    [
      {
        $defs: {
          node: { allOf: [{ $ref: '#/$defs/base' }], properties: { left: { $ref: '#/$defs/node', title: 'l' } } },
          base: { type: 'object', required: ['id'], properties: { id: { const: 0 } } },
        },
        $ref: '#/$defs/node',
      },
      ['{"id": 0}', '{"id": 0, "left": {"id": 0, "left": {"id": 0}}}'],
      ['{"left": {"id": 0}, "id": 0}', '{"id": 0, "left": {}}'],
    ],
  ])('%j', (schema, yes, no) => check(schema, yes, no))
})

describe('what is refused, and where', () => {
  const within = (keyword: JsonSchema): JsonSchema => ({ type: 'object', properties: { 'a/b': keyword } })
  it.each<[JsonSchema, string]>([
    [{ not: { type: 'null' } }, '#/properties/a~1b/not: not is not supported'],
    [{ if: {}, else: {} }, '/if: if is not supported'],
    [{ dependentRequired: {} }, 'dependentRequired is not supported'],
    [{ dependentSchemas: {} }, 'dependentSchemas is not supported'],
    [{ contains: {} }, 'contains is not supported'],
    [{ uniqueItems: true }, '/uniqueItems is not supported'],
    [{ multipleOf: 0.01 }, '/multipleOf is not supported'],
    [{ unevaluatedItems: {} }, 'unevaluatedItems is supported only as false'],
    [{ $dynamicRef: '#a' }, '$dynamicRef is not supported'],
    [{ nullable: true }, 'Add "null" to type'],
    [{ maxLenght: 3 }, 'maxLenght is not a known keyword'],
    [{ type: 'text' }, 'must be one or more of'],
    [{ type: 'string', maxLength: -1 }, 'must be a whole number'],
    [{ type: 'string', pattern: '(?=a)' }, '/pattern: A look-ahead'],
    [{ type: 'string', format: 'idn-email' }, 'idn-email is not supported. There are date,'],
    [{ type: 'number', format: 'email' }, 'is not known for numbers'],
    [{ type: 'integer', minimum: 1e16 }, '/minimum is beyond the 15 digits'],
    [{ type: 'number', minimum: 1e21 }, '/minimum is beyond the 15 digits'],
    [{ type: 'number', maximum: -1e300 }, '/maximum is beyond the 15 digits'],
    [{ exclusiveMinimum: 0.1, exclusiveMaximum: 0.10000000000000002 }, '/exclusiveMaximum needs more than the 15'],
    [{ exclusiveMinimum: 0, exclusiveMaximum: 5e-324 }, '/exclusiveMaximum needs more than the 15'],
    [{ items: [{}] }, 'prefixItems'],
    [{ enum: [] }, 'must be a list, and not empty'],
    [{ enum: ['a', 'abc'], maxLength: 2 }, 'has maxLength beside fixed values'],
    [{ anyOf: [1] }, '/anyOf/0 must be a schema'],
    [{ oneOf: [{ type: 'integer' }, { type: 'number' }] }, 'could both hold'],
    [{ oneOf: [{ properties: { a: {} } }, { properties: { b: {} } }] }, 'could both hold'],
    [{ $ref: '#/$defs/none' }, 'which is not there'],
    [{ $ref: 'https://example.com/schema.json' }, 'not in this schema'],
    [{ $ref: '#name' }, 'not in this schema'],
    [{ $id: 'https://example.com/inner' }, 'only a whole schema'],
    [{ properties: { ax: {} }, patternProperties: { '^a': {} } }, 'also matches ax'],
    [{ patternProperties: { '^a': {} }, additionalProperties: true }, 'additionalProperties to false'],
    [{ patternProperties: { a: {}, b: {} } }, 'with one pattern'],
    [{ type: 'object', minProperties: 3 }, 'minProperties cannot be held to'],
    [{ properties: { a: {} }, propertyNames: { maxLength: 1 } }, 'propertyNames'],
    [{ allOf: [{ format: 'date' }, { format: 'time' }] }, 'takes format from two places'],
    [{ type: 'string', pattern: '(ab|c)+', maxLength: 30_000, minLength: 10 }, 'too much at a time'],
  ])('%j', (schema, why) => {
    expect(() => compile(within(schema))).toThrow(why)
    try {
      compile(within(schema))
    } catch (error) {
      expect(ForetokenError.is(error, 'invalid-argument')).toBe(true)
    }
  })

  it.each<[JsonSchema]>([
    [false],
    [{ type: 'integer', minimum: 3, maximum: 2 }],
    [{ type: 'string', minLength: 3, maxLength: 2 }],
    [{ properties: { a: false }, required: ['a'] }],
    [{ properties: { a: {} }, required: ['b'], additionalProperties: false }],
    [{ allOf: [{ type: 'string' }, { type: 'null' }] }],
    [{ $defs: { a: { $ref: '#/$defs/a' } }, $ref: '#/$defs/a' }],
    [{ type: 'object', properties: { a: { $ref: '#' } }, required: ['a'] }],
    [{ type: 'string', pattern: '^a$', minLength: 2 }],
  ])('%j allows no text', (schema) => {
    expect(() => compile(schema)).toThrow('allows no text at all')
  })

  it('what leads nowhere is left out, and the rest goes on', () => {
    const endless = { type: 'object', properties: { a: { $ref: '#/$defs/endless' } }, required: ['a'] }
    const schema = { $defs: { endless }, anyOf: [{ $ref: '#/$defs/endless' }, { const: 1 }] }
    check(schema, ['1'], ['{"a": '])
  })

  it('schemas that are nested too deeply, or in themselves', () => {
    let deep: JsonSchema = {}
    for (let i = 0; i < 20_000; i++) deep = { type: 'array', items: deep }
    expect(() => compile(deep)).toThrow('nested too deeply')
    const circular: Record<string, unknown> = { type: 'array' }
    circular['items'] = circular
    expect(() => compile(circular)).toThrow('must be plain JSON')
    check({ type: 'null' }, ['null'], ['1'])
  })

  it('large schemas', () => {
    const properties = Object.fromEntries(
      Array.from({ length: 500 }, (_, i) => [`p${i}`, { type: 'string', maxLength: 9 }]),
    )
    check({ type: 'object', properties }, ['{}', '{"p3": "x", "p499": "y"}'], ['{"p499": "y", "p3": "x"}'], 3)
    let nested: JsonSchema = { type: 'integer' }
    for (let i = 0; i < 100; i++) nested = { type: 'object', properties: { a: nested }, required: ['a'] }
    check(nested, [`${'{"a": '.repeat(100)}1${'}'.repeat(100)}`], ['{}'], 3)
  })
})
