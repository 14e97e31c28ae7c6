import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadModel } from '@foretoken/backend-llama'
import { target, tokenizer } from '@foretoken/demo-models'
import { readGguf } from '@foretoken/gguf'
import { Tokenizer } from '@huggingface/tokenizers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { byteVocabulary, type TinyVocabulary, writeInFloats, writeTinyDecoder } from './tiny-decoder.js'
import { writeTokenizer } from './tokenizer.js'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'foretoken-tokenizer-'))
})
afterAll(() => rm(directory, { recursive: true }))

const texts = [
  'hello',
  ' hello  world ',
  "it's 12345 o'clock, 7 of 9; IT'S",
  'for (let i = 0; i < 10; i++) {\n\n\t  x += "äöü" // 名前 🙂\r\n}\n  ',
  '   three',
  'a!!?! b',
]

type Json = Record<string, unknown>

async function converted(path: string, name: string): Promise<{ json: Json; config: Json; tokenizer: Tokenizer }> {
  const folder = join(directory, name)
  await mkdir(folder)
  await writeTokenizer(await readGguf(path), 128, folder)
  const [json, config] = (await Promise.all(
    ['tokenizer.json', 'tokenizer_config.json'].map(async (file) =>
      JSON.parse(await readFile(join(folder, file), 'utf8')),
    ),
  )) as [Json, Json]
  return { json, config, tokenizer: new Tokenizer(json, config) }
}

/** @returns Texts with their tokens, ours and llama.cpp's. */
async function compare(path: string, name: string): Promise<[ours: unknown, theirs: unknown]> {
  const { tokenizer: ours } = await converted(path, name)
  const model = await loadModel({ path, contextSize: 64, calibrate: false, gpu: false })
  try {
    return [
      texts.map((text) => ours.encode(text, { add_special_tokens: false }).ids),
      texts.map((text) => model.tokenizer.encode(text)),
    ]
  } finally {
    await model.dispose()
  }
}

describe('a tokenizer made from metadata', () => {
  it('is the demo pair’s', async () => {
    const path = join(directory, 'demo.gguf')
    await writeInFloats(target, path)
    const { json } = await converted(path, 'demo')
    const own = JSON.parse(await readFile(tokenizer, 'utf8')) as Json
    expect((json['model'] as Json)['vocab']).toEqual((own['model'] as Json)['vocab'])
    expect((json['model'] as Json)['merges']).toEqual((own['model'] as Json)['merges'])
    expect(json['added_tokens']).toEqual(own['added_tokens'])
    const [a, b] = [new Tokenizer(json, {}), new Tokenizer(own, {})]
    for (const text of texts) expect(a.encode(text)).toEqual(b.encode(text))
  })

  it.each(['qwen2', 'llama-bpe', 'gpt-2', 'smollm'])('splits words as llama.cpp does: %s', async (pre) => {
    // Pairs that only some of the ways to split leave together, and a word that no merges make.
    const pairs = [
      '1 2',
      '12 3',
      '3 4',
      '! !',
      'Ġ Ġ',
      'ĠĠ Ġ',
      "' S",
      'Ċ Ċ',
      'Ġ h',
      'Ġ 1',
      'Ċ ĉ',
      ') Ġ',
      '; Ġ',
      '" Ã',
      "o '",
    ]
    const words = pairs.map((pair) => pair.replace(' ', ''))
    const path = join(directory, `${pre}.gguf`)
    const vocabulary = byteVocabulary(pre, [...words, 'hello', 'Ġworld'], pairs)
    await writeTinyDecoder(path, { architecture: 'llama', vocabulary })
    const [ours, theirs] = await compare(path, pre)
    expect(ours).toEqual(theirs)
  })

  it('merges by scores as llama.cpp does, with bytes for what has no token', async () => {
    const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)
    const pieces = [
      '▁',
      '▁▁',
      'h',
      'e',
      'l',
      'o',
      'll',
      'he',
      'lo',
      'hell',
      'llo',
      '▁he',
      '▁hello',
      'w',
      'r',
      'd',
      'or',
      '▁w',
    ]
    const special = ['<unk>', '<s>', '</s>']
    const vocabulary: TinyVocabulary = {
      model: 'llama',
      pre: 'default',
      tokens: [...special, ...bytes, ...pieces],
      types: [2, 3, 3, ...bytes.map(() => 6), ...pieces.map(() => 1)],
      scores: [0, 0, 0, ...bytes.map(() => 0), ...pieces.map((_, i) => -i)],
    }
    const path = join(directory, 'pieces.gguf')
    await writeTinyDecoder(path, { architecture: 'llama', vocabulary })
    const [ours, theirs] = await compare(path, 'pieces')
    expect(ours).toEqual(theirs)
  })

  it('knows what goes before a text, and the chat template', async () => {
    const path = join(directory, 'chat.gguf')
    await writeTinyDecoder(path, {
      architecture: 'llama',
      more: {
        'tokenizer.ggml.add_bos_token': { type: 'bool', value: true },
        'tokenizer.chat_template': { type: 'string', value: '{{ messages }}' },
      },
    })
    const { config, tokenizer: ours } = await converted(path, 'chat')
    expect(config).toMatchObject({ add_bos_token: true, chat_template: '{{ messages }}' })
    expect(ours.encode('a').ids).toEqual([1, 97])
  })
})

it('a tokenizer.json beside the file goes before', async () => {
  const folder = join(directory, 'own')
  await mkdir(folder)
  const path = join(folder, 'model.gguf')
  await writeTinyDecoder(path, { architecture: 'llama', vocabulary: byteVocabulary('unknown to us') })
  await writeFile(join(folder, 'tokenizer.json'), '{ "own": true }')
  await mkdir(join(folder, 'onnx'))
  await writeTokenizer(await readGguf(path), 128, join(folder, 'onnx'))
  expect(await readFile(join(folder, 'onnx', 'tokenizer.json'), 'utf8')).toBe('{ "own": true }')
})
