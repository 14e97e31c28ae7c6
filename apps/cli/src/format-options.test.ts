import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FormatFlags, formatOf, formatOptions } from './format-options.js'

describe('format options', () => {
  const parse = (...args: string[]) => {
    const command = new Command().exitOverride().configureOutput({ writeErr: () => {} })
    for (const option of formatOptions()) command.addOption(option)
    return command.parse(args, { from: 'user' }).opts<FormatFlags>()
  }

  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'foretoken-format-'))
    await writeFile(join(folder, 'schema.json'), '{"type": "null"}')
    await writeFile(join(folder, 'broken.json'), '{')
    await writeFile(join(folder, 'a.gbnf'), 'root ::= "a"')
  })
  afterAll(() => rm(folder, { recursive: true }))

  test('without them the text is free', async () => {
    expect(await formatOf(parse())).toBeUndefined()
  })

  test('each is a format', async () => {
    const formats = await Promise.all(
      [
        ['--json-schema', join(folder, 'schema.json')],
        ['--json-object'],
        ['--grammar', join(folder, 'a.gbnf')],
        ['--regex', 'a+'],
        ['--choice', 'yes', '--choice', 'no'],
      ].map((args) => formatOf(parse(...args))),
    )
    expect(formats).toEqual([
      { type: 'json', schema: { type: 'null' } },
      { type: 'json' },
      { type: 'grammar', grammar: 'root ::= "a"' },
      { type: 'regex', pattern: 'a+' },
      { type: 'choice', choices: ['yes', 'no'] },
    ])
  })

  test.each([
    ['--regex', 'a', '--choice', 'b'],
    ['--json-object', '--json-schema', 's.json'],
    ['--grammar', 'a.gbnf', '--json-object'],
  ])('%s %s %s %s do not go together', (...args) => {
    expect(() => parse(...args.filter((arg) => arg !== undefined))).toThrow(/cannot be used with/)
  })

  test('files that are not there, or are no JSON', async () => {
    const refused = (message: string) => ({ code: 'invalid-argument', message: expect.stringContaining(message) })
    await expect(formatOf({ grammar: join(folder, 'none') })).rejects.toMatchObject(refused('The grammar'))
    await expect(formatOf({ jsonSchema: join(folder, 'none') })).rejects.toMatchObject(refused('cannot be read'))
    await expect(formatOf({ jsonSchema: join(folder, 'broken.json') })).rejects.toMatchObject(refused('is no JSON'))
  })
})
