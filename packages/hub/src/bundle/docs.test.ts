import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { isSafePath } from '../names/safe-path.js'
import { parseManifest } from './manifest.js'

const page = await readFile(fileURLToPath(new URL('../../../../docs/bundle.md', import.meta.url)), 'utf8')
const blocks = [...page.matchAll(/```json\n([^]*?)```/g)].map(([, text]) => text!)

test('the example of docs/bundle.md is a bundle', () => {
  expect(parseManifest(blocks[0]!, 'docs/bundle.md')).toEqual(JSON.parse(blocks[0]!))
})

test('the schema of docs/bundle.md lets through the paths that we do', () => {
  const schema = JSON.parse(blocks[1]!) as { $defs: { file: { properties: { file: { pattern: string } } } } }
  const pattern = new RegExp(schema.$defs.file.properties.file.pattern, 'u')
  const good = ['a.gguf', 'a b.gguf', 'x/y/z.onnx', '.hidden/a.gguf', '..a.gguf', 'a..gguf', 'x/...gguf']
  const bad = [
    '../a.gguf',
    '/a.gguf',
    'x/../a.gguf',
    'x//a.gguf',
    './a.gguf',
    'x/./a.gguf',
    'C:/a.gguf',
    'x/C:a.gguf',
    'a\\b.gguf',
  ]
  for (const path of [...good, ...bad]) expect([path, pattern.test(path)]).toEqual([path, isSafePath(path)])
})
