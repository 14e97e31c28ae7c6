import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { builtInPrompts, promptsFrom } from './prompts.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foretoken-prompts-'))
})
afterAll(() => rm(folder, { recursive: true }))

const fileOf = async (text: string): Promise<string> => {
  const file = join(folder, 'prompts.json')
  await writeFile(file, text)
  return file
}

test('texts, with or without a name and a kind', async () => {
  const file = await fileOf('["one", {"text": "two", "kind": "code"}, {"text": "three", "id": "x", "prediction": "3"}]')
  expect(await promptsFrom(file)).toEqual([
    { id: 'prompt-1', kind: 'own', text: 'one' },
    { id: 'prompt-2', kind: 'code', text: 'two' },
    { id: 'x', kind: 'own', text: 'three', prediction: '3' },
  ])
})

test.each(['', '{}', '[]', '[1]', '["a", null]', '[{"id": "x"}]', '[""]', '[{"text": "a", "prediction": 1}]'])(
  '%j is refused',
  async (text) => {
    await expect(promptsFrom(await fileOf(text))).rejects.toMatchObject({ code: 'invalid-argument' })
  },
)

test('a file that is not there is refused', async () => {
  await expect(promptsFrom(join(folder, 'none.json'))).rejects.toMatchObject({ code: 'invalid-argument' })
})

test('the prompts that come along have their kind', async () => {
  const prompts = await builtInPrompts(['code', 'edits'])
  expect(new Set(prompts.map(({ kind }) => kind))).toEqual(new Set(['code', 'edits']))
  expect(prompts.filter(({ prediction }) => prediction !== undefined).every(({ kind }) => kind === 'edits')).toBe(true)
  await expect(builtInPrompts(['poems'])).rejects.toMatchObject({ code: 'invalid-argument' })
})
