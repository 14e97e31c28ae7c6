import { rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { ErrorCode } from '@foretoken/core'
import { afterEach, describe, expect, it } from 'vitest'
import type { ModelType } from './model-types.js'
import { openFolder } from './open-folder.js'
import { type Files, testFolder, wholeModel } from './test-folder.js'

let folders: string[] = []

function write(files: Files): string {
  const folder = testFolder(files)
  folders.push(folder)
  return folder
}

afterEach(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
  folders = []
})

const config = wholeModel['config.json'] as object
const model = wholeModel['onnx/model.onnx']
const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n'

describe('a folder as the Hub lays it out', () => {
  it('is opened', async () => {
    const path = write(wholeModel)
    const folder = await openFolder(path)
    expect(folder).toMatchObject({ path, modelFile: join(path, 'onnx/model.onnx'), type: 'fp32' })
    expect(folder.config).toEqual({
      modelType: 'llama',
      layers: 2,
      heads: 4,
      kvHeads: 2,
      headSize: 16,
      vocabSize: 6,
      contextLength: 128,
      endTokens: [4, 5],
      startToken: 4,
    })
    const { tokenizer } = folder
    expect(tokenizer.encode('ab a')).toEqual([3, 2, 0])
    expect([0, 1, 2, 3, 4, 5].filter((token) => tokenizer.isEnd(token))).toEqual([4, 5])
    expect(tokenizer.renderChat!([])).toBe('of the config')
  })

  it('may have its files side by side, and others beside them', async () => {
    const path = write({
      ...wholeModel,
      'onnx/model.onnx': undefined,
      'model_q4.onnx': model,
      'model.onnx_data': 'weights',
      'README.md': '',
    })
    expect(await openFolder(path)).toMatchObject({ modelFile: join(path, 'model_q4.onnx'), type: 'q4' })
  })

  it('may be given by its model', async () => {
    const path = write({ ...wholeModel, 'onnx/model_q4f16.onnx': model })
    const modelFile = join(path, 'onnx/model_q4f16.onnx')
    expect(await openFolder(modelFile)).toMatchObject({ path, modelFile, type: 'q4f16' })
  })

  it('has a chat template in a file of its own, which comes first', async () => {
    const path = write({ ...wholeModel, 'chat_template.jinja': '{{ bos_token }} of the file' })
    expect((await openFolder(path)).tokenizer.renderChat!([])).toBe('<|end|> of the file')
  })

  it('ends texts where the tokenizer does, too', async () => {
    const path = write({ ...wholeModel, 'generation_config.json': undefined })
    const { config, tokenizer } = await openFolder(path)
    expect(config.endTokens).toEqual([4, 5])
    expect(tokenizer.isEnd(5)).toBe(true)
  })
})

describe('of several files', () => {
  const names = {
    fp32: 'model.onnx',
    fp16: 'model_fp16.onnx',
    q8: 'model_quantized.onnx',
    int8: 'model_int8.onnx',
    uint8: 'model_uint8.onnx',
    q4: 'decoder_model_merged_q4.onnx',
    q4f16: 'model_q4f16.onnx',
    bnb4: 'model_bnb4.onnx',
  } as const
  const types = Object.keys(names) as (keyof typeof names)[]
  const all = Object.fromEntries(Object.values(names).map((name) => [`onnx/${name}`, model]))

  it.each(Object.entries(names) as [ModelType, string][])('%s is %s', async (type, name) => {
    const found = await openFolder(write({ ...wholeModel, ...all }), { type })
    expect([basename(found.modelFile), found.type]).toEqual([name, type])
  })

  it('the most faithful is chosen', async () => {
    const files: Record<string, Files[string]> = { ...wholeModel, ...all }
    for (const type of types) {
      expect((await openFolder(write(files))).type).toBe(type)
      files[`onnx/${names[type]}`] = undefined
    }
  })

  it('one of an unknown name is taken when it is the only one', async () => {
    const renamed = { ...wholeModel, 'onnx/model.onnx': undefined, 'onnx/mine.onnx': model }
    expect((await openFolder(write(renamed))).type).toBe('fp32')
    await expect(openFolder(write({ ...renamed, 'onnx/other.onnx': model }))).rejects.toMatchObject({
      message: expect.stringContaining('onnx/mine.onnx, onnx/other.onnx'),
    })
  })

  it('a type that contradicts the file, or is none, is refused', async () => {
    const path = write(wholeModel)
    const wrong = { code: 'invalid-argument' }
    await expect(openFolder(join(path, 'onnx/model.onnx'), { type: 'q4' })).rejects.toMatchObject(wrong)
    await expect(openFolder(path, { type: 'q5' as ModelType })).rejects.toMatchObject(wrong)
  })
})

describe('what is wrong with a folder is said:', () => {
  const cases: [what: string, files: Files, says: RegExp, code?: ErrorCode][] = [
    ['no model at all', { 'README.md': 'hello' }, /neither a config\.json nor an \.onnx file/],
    ['no config', { ...wholeModel, 'config.json': undefined }, /has no config\.json/],
    ['a broken config', { ...wholeModel, 'config.json': '{"a": ' }, /config\.json .*not whole JSON/],
    ['a config of another form', { ...wholeModel, 'config.json': '[1]' }, /config\.json .*not a JSON object/],
    [
      'a config without layers',
      { ...wholeModel, 'config.json': { ...config, num_hidden_layers: undefined } },
      /number of layers/,
    ],
    ['a config with nonsense', { ...wholeModel, 'config.json': { ...config, vocab_size: 'x' } }, /vocab_size is "x"/],
    [
      'heads that do not fit',
      { ...wholeModel, 'config.json': { ...config, hidden_size: 65 } },
      /does not divide into 4 heads/,
    ],
    ['broken ends', { ...wholeModel, 'generation_config.json': '{' }, /generation_config\.json/],
    ['no tokenizer', { ...wholeModel, 'tokenizer.json': undefined }, /has no tokenizer\.json\. /],
    [
      'a tokenizer of another form',
      { ...wholeModel, 'tokenizer.json': undefined, 'tokenizer.model': 'x' },
      /has no tokenizer\.json \(tokenizer\.model alone/,
    ],
    [
      'a tokenizer that is cut off',
      { ...wholeModel, 'tokenizer.json': '{"model": {' },
      /tokenizer\.json .*not whole JSON/,
    ],
    ['a tokenizer without a model', { ...wholeModel, 'tokenizer.json': {} }, /tokenizer\.json .*no vocabulary/],
    [
      'a tokenizer of another kind',
      {
        ...wholeModel,
        'tokenizer.json': { model: { type: 'WordPiece', vocab: { a: 0 } }, decoder: { type: 'WordPiece' } },
      },
      /kind that is not known here \(WordPiece/,
      'unsupported',
    ],
    [
      'a tokenizer with a step that nobody knows',
      {
        ...wholeModel,
        'tokenizer.json': { ...(wholeModel['tokenizer.json'] as object), normalizer: { type: 'Rot13' } },
      },
      /cannot be made of it \(.*Rot13/,
    ],
    ['no graph', { ...wholeModel, 'onnx/model.onnx': undefined }, /has no \.onnx file, neither/],
    ['a graph that is empty', { ...wholeModel, 'onnx/model.onnx': '' }, /model\.onnx .*is empty/],
    ['a graph that is none', { ...wholeModel, 'onnx/model.onnx': 'not a graph' }, /model\.onnx.* no ONNX model/],
    [
      'no weights',
      { ...wholeModel, 'onnx/model.onnx_data': undefined },
      /weights are in model\.onnx_data, which is not beside/,
    ],
    ['weights that are empty', { ...wholeModel, 'onnx/model.onnx_data': '' }, /model\.onnx_data .*is empty/],
    [
      'a pointer for weights',
      { ...wholeModel, 'onnx/model.onnx_data': pointer },
      /model\.onnx_data .*pointer.*git lfs pull/,
    ],
    ['a pointer for a graph', { ...wholeModel, 'onnx/model.onnx': pointer }, /model\.onnx .*pointer/],
    ['a pointer for a tokenizer', { ...wholeModel, 'tokenizer.json': pointer }, /tokenizer\.json .*pointer/],
  ]
  it.each(cases)('%s', async (_, files, says, code = 'model-file') => {
    await expect(openFolder(write(files))).rejects.toMatchObject({ code, message: expect.stringMatching(says) })
  })

  it('nothing there', async () => {
    await expect(openFolder('/no/such/folder')).rejects.toMatchObject({ code: 'model-file' })
  })

  it('the type that is not there, with those that are', async () => {
    await expect(openFolder(write(wholeModel), { type: 'q4' })).rejects.toMatchObject({
      code: 'model-file',
      message: expect.stringMatching(/no \.onnx file of type q4\. It has onnx\/model\.onnx:/),
    })
  })

  it.each(['model.gguf', 'config.json'])('a file that is no graph: %s', async (name) => {
    const path = write({ ...wholeModel, 'model.gguf': 'GGUF' })
    await expect(openFolder(join(path, name))).rejects.toMatchObject({
      code: 'model-file',
      message: expect.stringContaining('it is no .onnx file'),
    })
  })

  it('a graph far from its config', async () => {
    const path = write({ 'a/b/c/model.onnx': model, 'config.json': config })
    await expect(openFolder(join(path, 'a/b/c/model.onnx'))).rejects.toMatchObject({
      code: 'model-file',
      message: expect.stringContaining('no config.json beside it'),
    })
  })
})
