import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { inspectModel, loadModel } from './index.js'
import { openRuntime } from './runtime.js'
import { targetPath } from './test-models.js'
import { byteVocabulary, tinyMamba, writeTinyGguf } from './tiny-gguf.js'

const folder = mkdtempSync(join(tmpdir(), 'foretoken-'))
const file = (name: string, content: string | Buffer = ''): string => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
const changed = (name: string, change: (bytes: Buffer) => void): string => {
  const bytes = Buffer.from(readFileSync(targetPath))
  change(bytes)
  return file(name, bytes)
}
const tiny = (
  name: string,
  change: (model: { metadata: Record<string, unknown>; tensors: unknown[] }) => void,
): string => {
  const model = structuredClone(tinyMamba()) as unknown as Parameters<typeof change>[0]
  change(model)
  const path = join(folder, name)
  writeTinyGguf(path, model as never)
  return path
}

// The first load of a process starts llama.cpp; what is measured here is the answer about the file.
beforeAll(() => openRuntime(false))
afterAll(() => rmSync(folder, { recursive: true }))

const bad: Record<string, [path: () => string, message: RegExp]> = {
  'is missing': [() => join(folder, 'nowhere.gguf'), /There is no file .*Check the path/],
  'is a directory': [() => folder, /is a directory\. Pass the path/],
  'is empty': [() => file('empty.gguf'), /is empty/],
  'is another format': [
    () => file('text.gguf', 'PK\u0003\u0004 and so on, for some bytes'),
    /not a GGUF file \(it starts with "PK\?\?"\)/,
  ],
  'is of a version to come': [() => changed('v9.gguf', (bytes) => bytes.writeUInt32LE(9, 4)), /version 9/],
  'ends in its first bytes': [() => file('magic.gguf', 'GGUF'), /damaged or incomplete/],
  'claims more than it holds': [
    () => changed('count.gguf', (bytes) => bytes.writeBigUInt64LE(2n ** 50n, 8)),
    /claims 1125899906842624 tensors/,
  ],
  'has a text without end': [
    () => changed('key.gguf', (bytes) => bytes.writeBigUInt64LE(2n ** 62n, 24)),
    /damaged or incomplete/,
  ],
  'is cut off in its head': [() => cut('head.gguf', 2000), /damaged or incomplete/],
  'is cut off in its weights': [
    () => cut('weights.gguf', -100),
    /is incomplete: its tensors need \d+ bytes and it has \d+/,
  ],
  'is of an unknown architecture': [
    () => tiny('arch.gguf', ({ metadata }) => void Object.assign(metadata, { 'general.architecture': 'perceptron' })),
    /architecture perceptron, which this llama\.cpp does not know/,
  ],
  'lacks a tensor': [
    () => tiny('tensor.gguf', ({ tensors }) => void tensors.splice(1, 1)),
    /llama\.cpp cannot load .*\(.*tensor 'output_norm\.weight' not found\)/,
  ],
  'lacks a setting': [
    () => tiny('setting.gguf', ({ metadata }) => void delete metadata['mamba.ssm.conv_kernel']),
    /llama\.cpp cannot load .*\(key not found in model: mamba\.ssm\.conv_kernel\)/,
  ],
  'says nothing of its architecture': [
    () => tiny('silent.gguf', ({ metadata }) => void delete metadata['general.architecture']),
    /which architecture/,
  ],
  'has no vocabulary': [
    () => tiny('wordless.gguf', ({ metadata }) => Object.keys(byteVocabulary()).forEach((key) => delete metadata[key])),
    /holds no vocabulary/,
  ],
  'has a token twice': [
    () =>
      tiny('twice.gguf', ({ metadata }) => {
        const texts = metadata['tokenizer.ggml.tokens'] as string[]
        texts[7] = texts[70]!
      }),
    /two of its tokens have the same text/,
  ],
  'is one of several parts': [
    () => tiny('part.gguf', ({ metadata }) => void Object.assign(metadata, { 'split.count': 3 })),
    /first part, named …-00001-of-00003\.gguf/,
  ],
}

function cut(name: string, size: number): string {
  const path = join(folder, name)
  copyFileSync(targetPath, path)
  truncateSync(path, size > 0 ? size : readFileSync(path).length + size)
  return path
}

describe('a model file that', () => {
  const printed = vi.spyOn(process.stderr, 'write')
  for (const [what, [path, message]] of Object.entries(bad)) {
    it(`${what} is refused within a second`, async () => {
      const location = path()
      const started = performance.now()
      const error = await loadModel({ path: location, gpu: false }).catch((caught: unknown) => caught)
      expect(error).toMatchObject({
        name: 'ForetokenError',
        code: 'model-file',
        message: expect.stringMatching(message),
      })
      expect(performance.now() - started).toBeLessThan(1000)
    })
  }

  it.skipIf(process.getuid?.() === 0)('may not be read is refused', async () => {
    const path = file('secret.gguf', 'GGUF')
    chmodSync(path, 0)
    await expect(loadModel({ path, gpu: false })).rejects.toThrow(/may not be read/)
  })

  it('is bad leaves the process alive and the console quiet', async () => {
    expect(printed.mock.calls.map(([text]) => String(text)).filter((text) => /llama|ggml|gguf/i.test(text))).toEqual([])
    expect((await inspectModel(targetPath)).architecture).toBe('llama')
  })
})
