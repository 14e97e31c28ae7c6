import { invalid } from '../invalid.js'
import { choice, type Expression, type Language, never, rule, text } from '../language/expression.js'
import { anyText } from '../language/texts.js'
import { arrayOf } from './array.js'
import { checkKeywords } from './check.js'
import { disjoint, typeOf } from './disjoint.js'
import { json, jsonRules, jsonText } from './json-text.js'
import { annotations, jsonTypes, type JsonType, typeOfKeyword } from './keywords.js'
import { merge } from './merge.js'
import { integerIn, numberIn } from './number-schema.js'
import { objectOf } from './object.js'
import { below, resolve, type Schema, schemaAt, type SchemaObject } from './path.js'
import { stringOf } from './string.js'

/** JSON without a schema: an object or a list, of anything. */
export function jsonLanguage(): Language {
  return { rules: jsonRules().set('root', choice(json.object, json.array)), root: 'root' }
}

/**
 * The JSON texts that a schema holds for, in the one way of writing JSON that is used here.
 *
 * @throws `invalid-argument` that names the keyword and its path.
 */
export function schemaLanguage(schema: Schema): Language {
  const compiler = new SchemaCompiler(schemaAt(schema, 'The schema'))
  return { rules: compiler.rules, root: compiler.root }
}

/** Schemas as expressions. What refers to itself becomes a rule. */
export class SchemaCompiler {
  readonly rules = jsonRules()
  readonly root: string
  private readonly schema: Schema
  /** The rules of schemas that are put together from others: they may lead back to themselves. */
  private readonly named = new Map<SchemaObject, string>()

  constructor(schema: Schema) {
    this.schema = schema
    this.root = this.fresh('root')
    this.set(this.root, this.expression(schema, '#'))
  }

  fresh(hint: string): string {
    const name = `${hint}.${this.rules.size}`
    this.rules.set(name, never)
    return name
  }

  set(name: string, body: Expression): void {
    this.rules.set(name, body)
  }

  expression(value: unknown, path: string): Expression {
    const schema = schemaAt(value, path)
    if (schema === false) return never
    if (schema === true) return json.value
    checkKeywords(schema, path)
    const keywords = significant(schema)
    if (keywords.length === 0) return json.value
    if (keywords.length === 1) {
      const [keyword] = keywords
      if (keyword === '$ref') return this.reference(schema['$ref'], path)
      const parts = schema['allOf'] as unknown[] | undefined
      if (keyword === 'allOf' && parts!.length === 1) return this.expression(parts![0], below(path, 'allOf', 0))
    }
    if (!['$ref', 'allOf', 'anyOf', 'oneOf'].some((keyword) => keyword in schema)) return this.plain(schema, path)
    let name = this.named.get(schema)
    if (name === undefined) {
      name = this.fresh(path)
      this.named.set(schema, name)
      this.set(name, this.ofFlat(this.flatten(schema, path), path))
    }
    return rule(name)
  }

  private reference(reference: unknown, path: string): Expression {
    const target = resolve(this.schema, reference, below(path, '$ref'))
    const name = String(reference)
    if (!this.rules.has(name)) {
      this.rules.set(name, never)
      this.rules.set(name, this.expression(target, name))
    }
    return rule(name)
  }

  /** One schema without references and allOf. What it refers to comes first: its properties are written first. */
  private flatten(schema: Schema, path: string, open: readonly string[] = []): Schema {
    if (typeof schema === 'boolean') return schema
    checkKeywords(schema, path)
    const { $ref: reference, allOf = [], const: constant, ...own } = schema
    let flat: Schema = true
    if (reference !== undefined) {
      const target = resolve(this.schema, reference, below(path, '$ref'))
      const name = String(reference)
      if (open.includes(name)) throw invalid(`${path}/$ref leads back to itself: ${[...open, name].join(' → ')}.`)
      flat = this.flatten(target, name, [...open, name])
    }
    for (const [i, part] of (allOf as unknown[]).entries()) {
      const at = below(path, 'allOf', i)
      flat = merge(flat, this.flatten(schemaAt(part, at), at, open), path)
    }
    if ('const' in schema) flat = merge(flat, { enum: [constant] }, path)
    return merge(flat, own, path)
  }

  private ofFlat(schema: Schema, path: string): Expression {
    if (schema === false) return never
    if (schema === true) return json.value
    const { anyOf, oneOf, ...rest } = schema
    if (anyOf === undefined && oneOf === undefined) return this.plain(schema, path)
    if (anyOf !== undefined && oneOf !== undefined) {
      throw invalid(`${path} has both anyOf and oneOf. Keep one of them.`)
    }
    const keyword = anyOf === undefined ? 'oneOf' : 'anyOf'
    const alone = significant(rest).length === 0
    const branches = ((anyOf ?? oneOf) as unknown[]).map((branch, i) => {
      const at = below(path, keyword, i)
      const schema = schemaAt(branch, at)
      return { at, schema: alone ? schema : merge(rest, this.flatten(schema, at), at) }
    })
    if (keyword === 'oneOf') this.mustDiffer(branches, path)
    return choice(...branches.map(({ schema, at }) => (alone ? this.expression(schema, at) : this.ofFlat(schema, at))))
  }

  /** A text that two branches of a oneOf allow is not valid; no mask can see that coming. */
  private mustDiffer(branches: readonly { schema: Schema; at: string }[], path: string): void {
    for (const [i, one] of branches.entries()) {
      const other = branches.slice(i + 1).find(({ schema }) => !disjoint(one.schema, schema, this.schema))
      if (other) {
        throw invalid(
          `${path}/oneOf: ${one.at} and ${other.at} could both hold for one value. Use anyOf, or tell them apart by ` +
            'type, or by a required property with a const.',
        )
      }
    }
  }

  /** A schema without references and combinations. */
  private plain(schema: SchemaObject, path: string): Expression {
    if ('enum' in schema || 'const' in schema) return constants(schema, path)
    return choice(...typesOf(schema).map((type) => this.ofType(type, schema, path)))
  }

  private ofType(type: JsonType, schema: SchemaObject, path: string): Expression {
    switch (type) {
      case 'object':
        return objectOf(schema, path, this)
      case 'array':
        return arrayOf(schema, path, this)
      case 'string':
        return stringOf(schema, path, this)
      case 'number':
        return numberIn(schema, path)
      case 'integer':
        return integerIn(schema, path)
      case 'boolean':
        return choice(text('true'), text('false'))
      case 'null':
        return text('null')
    }
  }
}

function significant(schema: SchemaObject): string[] {
  return Object.keys(schema).filter((keyword) => !annotations.has(keyword) && !keyword.startsWith('x-'))
}

/** The types of a schema: as it says, or those that its keywords speak of. */
function typesOf(schema: SchemaObject): readonly JsonType[] {
  if (schema['type'] === undefined) {
    const types = significant(schema).flatMap((keyword) => typeOfKeyword.get(keyword) ?? [])
    return types.length > 0 ? [...new Set(types)] : jsonTypes.filter((type) => type !== 'integer')
  }
  const types = [...new Set([schema['type']].flat())] as JsonType[]
  return types.includes('number') ? types.filter((type) => type !== 'integer') : types
}

function constants(schema: SchemaObject, path: string): Expression {
  const { enum: list, const: constant, type, ...rest } = schema
  const [other] = significant(rest)
  if (other !== undefined) {
    throw invalid(`${path} has ${other} beside fixed values. Remove it, and the values that it forbids.`)
  }
  const values = 'const' in schema ? [constant] : (list as unknown[])
  const allowed = type === undefined ? undefined : ([type].flat() as string[])
  const fitting = values.filter(
    (value) =>
      allowed === undefined ||
      allowed.includes(typeOf(value)) ||
      (allowed.includes('integer') && Number.isInteger(value)),
  )
  return anyText(fitting.map(jsonText))
}
