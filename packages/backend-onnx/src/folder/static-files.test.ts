import { copyFile, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exportOnnx } from '../export/index.js'
import { writeTinyDecoder } from '../export/tiny-decoder.js'
import { openFolder } from './open-folder.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foretoken-static-files-'))
  await writeTinyDecoder(tiny(), { architecture: 'llama' })
  await convert([8, 1], 64)
})
afterEach(() => rm(folder, { recursive: true }))

const tiny = (): string => join(folder, 'tiny.gguf')
const graph = (name: string): string => join(folder, 'onnx', `model_static_${name}.onnx`)
const convert = (buckets: number[], contextLength: number, type: 'fp32' | 'fp16' = 'fp32'): Promise<string[]> =>
  exportOnnx(tiny(), folder, { type, static: { buckets, contextLength } })

/** Changes config.json. */
async function change(from: string, to: string): Promise<void> {
  const path = join(folder, 'config.json')
  await writeFile(path, (await readFile(path, 'utf8')).replace(from, to))
}

it('tells what belongs together, and the sizes', async () => {
  await convert([2], 32, 'fp16')
  const { static: files, modelFile, type, config } = await openFolder(folder)
  expect(files).toEqual({
    embedding: graph('embedding'),
    passes: [
      { tokens: 1, file: graph('1') },
      { tokens: 8, file: graph('8') },
    ],
    layers: 2,
    kvHeads: 2,
    headSize: 32,
    contextLength: 64,
  })
  expect([modelFile, type, config.contextLength]).toEqual([graph('1'), 'static', 64])
})

it('goes by the weights of the file that is given, and takes those of 16 bits where there are no others', async () => {
  await convert([2, 4], 32, 'fp16')
  const half = await openFolder(graph('fp16_embedding'))
  expect(half.static!.passes.map(({ file }) => basename(file))).toEqual([
    'model_static_fp16_2.onnx',
    'model_static_fp16_4.onnx',
  ])
  expect(half.config.contextLength).toBe(32)
  for (const name of ['1', '8', 'embedding']) await rm(graph(name))
  expect((await openFolder(folder)).modelFile).toBe(graph('fp16_2'))
})

describe('what is wrong is said:', () => {
  const cases: [what: string, spoil: () => Promise<unknown>, says: RegExp][] = [
    ['no embeddings', () => rm(graph('embedding')), /the graph of its embeddings is not beside it/],
    [
      'no passes',
      async () => {
        await rm(graph('1'))
        await rm(graph('8'))
      },
      /the graphs of its passes are not beside it/,
    ],
    ['another name', () => rename(graph('1'), graph('4')), /static_4\.onnx .*takes 1 tokens, not 4/],
    [
      'another graph',
      () => copyFile(graph('embedding'), graph('4')),
      /static_4\.onnx .*takes input_ids, position_ids, not/,
    ],
    [
      'graphs of another model',
      async () => {
        const old = await readFile(graph('8'))
        await convert([1], 32)
        await writeFile(graph('8'), old)
      },
      /static_8\.onnx .*its cache is 1 x 2 x 64 x 32/,
    ],
    [
      'another config',
      () => change('"num_key_value_heads": 2', '"num_key_value_heads": 4'),
      /its cache is 1 x 2 x 64 x 32/,
    ],
    [
      'fewer logits than tokens',
      () => change('"vocab_size": 256', '"vocab_size": 300'),
      /gives 256 logits, but config\.json tells of 300 tokens/,
    ],
    ['no weights', () => rm(join(folder, 'onnx', 'model_static.onnx_data')), /weights are in model_static\.onnx_data/],
  ]
  it.each(cases)('%s', async (_, spoil, says) => {
    await spoil()
    await expect(openFolder(folder, { type: 'static' })).rejects.toMatchObject({
      code: 'model-file',
      message: expect.stringMatching(says) as string,
    })
  })
})
