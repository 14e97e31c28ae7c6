import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openFolder } from '../folder/open-folder.js'
import { type ExportOptions, exportOnnx } from './index.js'
import { writeTinyDecoder } from './tiny-decoder.js'

let directory: string
let llama: string
let other: string
let folder: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'foretoken-neighbours-'))
  ;[llama, other] = [join(directory, 'llama.gguf'), join(directory, 'other.gguf')]
  await writeTinyDecoder(llama, { architecture: 'llama' })
  await writeTinyDecoder(other, { architecture: 'llama', headSize: 16 })
})
beforeEach(async () => {
  folder = await mkdtemp(join(directory, 'folder-'))
})
afterAll(() => rm(directory, { recursive: true }))

const write = (options: ExportOptions = {}, gguf = llama) => exportOnnx(gguf, folder, options)
const graphs = async () => (await readdir(join(folder, 'onnx'))).toSorted()
const fixed = (contextLength: number, ...buckets: number[]) => ({ static: { buckets, contextLength } })
const positions = async () =>
  (JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>)[
    'max_position_embeddings'
  ]

describe('a second export into a folder', () => {
  it('replaces all that was of the same kind, and nothing else', async () => {
    for (const options of [{}, { type: 'fp16' }, { type: 'q4' }] as const) await write(options)
    await write(fixed(32, 1, 4))
    await write({ type: 'fp16', ...fixed(32, 1, 4) })
    const before = await graphs()
    // What a file of the Hub in several parts has left.
    await writeFile(join(folder, 'onnx', 'model_q4.onnx_data_1'), '')
    await write({ type: 'q4' })
    expect(await graphs()).toEqual(before)
    await write(fixed(40, 2, 8))
    const kept = before.filter((name) => !/^model_static_\d/.test(name))
    expect(await graphs()).toEqual([...kept, 'model_static_2.onnx', 'model_static_8.onnx'].toSorted())
    const { static: files } = await openFolder(folder, { type: 'static' })
    expect(files).toMatchObject({ contextLength: 40, passes: [{ tokens: 2 }, { tokens: 8 }] })
  })

  it('replaces another model of the same kind when nothing else is there', async () => {
    await write({ contextLength: 100 })
    await write({ contextLength: 200 }, other)
    expect((await openFolder(folder)).config).toMatchObject({ headSize: 16, contextLength: 200 })
  })

  it.each<[string, ExportOptions, ExportOptions, 'llama' | 'other', RegExp]>([
    [
      'another length',
      { contextLength: 100 },
      { type: 'q4' },
      'llama',
      /max_position_embeddings is 100 there, not .*100/,
    ],
    ['another model', {}, { type: 'q4' }, 'other', /onnx.model\.onnx.*head_dim is 32 there, not 16.*delete them/],
    ['another model in fixed sizes', fixed(32, 1), {}, 'other', /model_static_1\.onnx.*head_dim is 32 there, not 16/],
    ['fixed sizes of another model', {}, fixed(32, 1), 'other', /head_dim is 32 there, not 16/],
  ])('is refused when config.json would be wrong about the first: %s', async (_, first, second, model, message) => {
    await write(first)
    const before = await readdir(folder, { recursive: true })
    const config = await readFile(join(folder, 'config.json'), 'utf8')
    await expect(write(second, model === 'other' ? other : llama)).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringMatching(message) as string,
    })
    expect(await readdir(folder, { recursive: true })).toEqual(before)
    expect(await readFile(join(folder, 'config.json'), 'utf8')).toBe(config)
  })

  it('is refused beside graphs that no config.json tells of', async () => {
    await write()
    await rm(join(folder, 'config.json'))
    await expect(write({ type: 'q4' })).rejects.toThrow('model_type is nothing there, not "llama"')
  })

  it('keeps the length of the usual graphs when it is of fixed sizes', async () => {
    await write({ contextLength: 100 })
    await write(fixed(32, 1))
    expect(await positions()).toBe(100)
    await expect(write({ ...fixed(32, 1), contextLength: 200 })).rejects.toThrow('is 100 there, not 200')
    await write({ contextLength: 200 })
    expect(await positions()).toBe(200)
    await write(fixed(32, 1))
    expect(await positions()).toBe(200)
  })

  it('has the length that is asked for beside fixed sizes alone', async () => {
    await write(fixed(32, 1))
    await write({ contextLength: 100 })
    expect(await positions()).toBe(100)
  })
})
