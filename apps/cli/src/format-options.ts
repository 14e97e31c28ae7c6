import { readFile } from 'node:fs/promises'
import { ForetokenError, type FormatDescription, type JsonSchema } from '@foretoken/core'
import { Option } from 'commander'

/** What the text has to look like. At most one of them. */
export interface FormatFlags {
  readonly jsonSchema?: string
  readonly jsonObject?: boolean
  readonly grammar?: string
  readonly regex?: string
  readonly choice?: readonly string[]
}

const names = ['jsonSchema', 'jsonObject', 'grammar', 'regex', 'choice'] as const

export const formatOptions = (): Option[] => {
  const option = (flag: string, description: string): Option => {
    const option = new Option(flag, description).helpGroup('Format:')
    return option.conflicts(names.filter((name) => name !== option.attributeName()))
  }
  return [
    option('--json-schema <file>', 'the text is JSON that this JSON schema holds for'),
    option('--json-object', 'the text is JSON: an object or a list'),
    option('--grammar <file>', 'the text follows this grammar (GBNF)'),
    option('--regex <pattern>', 'the whole text matches this regular expression'),
    option('--choice <text>', 'the text is this, word for word; may be repeated: one of them').argParser(
      (text: string, previous?: readonly string[]) => [...(previous ?? []), text],
    ),
  ]
}

/** @throws `invalid-argument` when a file cannot be read, or is no JSON. */
export async function formatOf(flags: FormatFlags): Promise<FormatDescription | undefined> {
  if (flags.jsonSchema !== undefined) return { type: 'json', schema: await readSchema(flags.jsonSchema) }
  if (flags.jsonObject) return { type: 'json' }
  if (flags.grammar !== undefined) return { type: 'grammar', grammar: await read(flags.grammar, 'grammar') }
  if (flags.regex !== undefined) return { type: 'regex', pattern: flags.regex }
  return flags.choice && { type: 'choice', choices: flags.choice }
}

async function readSchema(file: string): Promise<JsonSchema> {
  const text = await read(file, 'JSON schema')
  try {
    return JSON.parse(text) as JsonSchema
  } catch (cause) {
    const message = `The JSON schema ${file} is no JSON: ${(cause as Error).message}.`
    throw new ForetokenError('invalid-argument', message, { cause })
  }
}

async function read(file: string, what: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    const message = `The ${what} ${file} cannot be read: ${(cause as Error).message}.`
    throw new ForetokenError('invalid-argument', message, { cause })
  }
}
