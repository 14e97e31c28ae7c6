import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ForetokenError } from '@foretoken/core'
import { draft, target } from '@foretoken/demo-models'
import { readGguf } from '@foretoken/gguf'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readGraph } from '../graph/read-graph.js'
import { largestDimension } from './coreml-operators.js'
import { exportOnnx } from './index.js'
import { referenceLogits } from './test-reference.js'
import { dynamicLogits, largestDifference, llamaLogits, staticLogits } from './test-runs.js'
import { byteVocabulary, type TinyDecoder, writeInFloats, writeTinyDecoder } from './tiny-decoder.js'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'foretoken-export-'))
})
afterAll(() => rm(directory, { recursive: true }))

/** Some tokens of a vocabulary, in no order. */
function tokensBelow(vocabulary: number, count = 23): number[] {
  return Array.from({ length: count }, (_, i) => (i * 7919 + 31) % vocabulary)
}

const passes = [9, 1, 5, 1, 7]

/**
 * How far from llama.cpp's logits ours may be. For the demo target in fp32, whose logits go up to about 20, it is llama.cpp
 * that rounds: ours are 1.4e-5 from arithmetic in double precision, its own 5.3e-3. The others are only held to the same.
 */
const rounding = 0.0125

describe.each([
  ['target', target, 4096],
  ['draft', draft, 4096],
])('the demo %s', (name, path, vocabulary) => {
  const tokens = tokensBelow(vocabulary)
  let expected: Float32Array[]
  beforeAll(async () => {
    await writeInFloats(path, join(directory, `${name}.gguf`))
    expected = await llamaLogits(join(directory, `${name}.gguf`), tokens)
  })

  it.each(['fp32', 'fp16'] as const)('has llama.cpp’s logits in %s', async (type) => {
    const folder = join(directory, `${name}-${type}`)
    await exportOnnx(path, folder, { type })
    const model = join(folder, 'onnx', type === 'fp32' ? 'model.onnx' : 'model_fp16.onnx')
    const difference = largestDifference(await dynamicLogits(model, tokens, passes), expected)
    expect(difference).toBeLessThan(type === 'fp32' ? rounding : 2 * rounding)
    const last = await dynamicLogits(model, tokens, [tokens.length], 2)
    expect(largestDifference(last, expected.slice(-2))).toBeLessThan(2 * rounding)
  })

  it('has them in graphs of fixed sizes', async () => {
    const folder = join(directory, `${name}-static`)
    await exportOnnx(path, folder, { static: { buckets: [1, 8], contextLength: 64 } })
    const rows = await staticLogits(folder, tokens, [8, 1, 1, 8, 8], 64)
    expect(largestDifference(rows, expected)).toBeLessThan(rounding)
  })
})

const tiny: [string, TinyDecoder][] = [
  ['llama', { architecture: 'llama' }],
  ['llama, tied', { architecture: 'llama', tied: true }],
  [
    'llama with frequency factors',
    { architecture: 'llama', ropeFactors: Array.from({ length: 16 }, (_, i) => 1 + i / 3) },
  ],
  ['llama with stretched positions', { architecture: 'llama', ropeScale: 4 }],
  ['llama with some biases', { architecture: 'llama', biases: ['q', 'v'] }],
  ['qwen2', { architecture: 'qwen2', biases: ['q', 'k', 'v'], headSize: 16 }],
  ['qwen3', { architecture: 'qwen3', headNorms: true, tied: true }],
]

describe.each(tiny)('a tiny %s', (name, decoder) => {
  const tokens = tokensBelow(256)

  it('has the logits of double precision, and llama.cpp’s, in graphs of fixed sizes too', async () => {
    const path = join(directory, `${name}.gguf`)
    await writeTinyDecoder(path, decoder)
    const expected = await llamaLogits(path, tokens)
    const folder = join(directory, name)
    await exportOnnx(path, folder)
    const dynamic = await dynamicLogits(join(folder, 'onnx', 'model.onnx'), tokens, passes)
    await exportOnnx(path, folder, { static: { buckets: [1, 8], contextLength: 40 } })
    const fixed = await staticLogits(folder, tokens, [8, 1, 8, 1, 8], 40)
    const precise = await referenceLogits(await readGguf(path), tokens)
    expect(largestDifference(dynamic, precise)).toBeLessThan(1e-4)
    expect(largestDifference(fixed, precise)).toBeLessThan(1e-4)
    expect(largestDifference(dynamic, expected)).toBeLessThan(rounding)
  })
})

describe('an embedding that is the output matrix too', () => {
  it.each(['fp32', 'fp16'] as const)('is in the file once: %s', async (type) => {
    const sizes = []
    for (const tied of [true, false]) {
      const path = join(directory, `tied ${tied}.gguf`)
      await writeTinyDecoder(path, { architecture: 'llama', tied })
      const folder = join(directory, `tied ${tied} ${type}`)
      await exportOnnx(path, folder, { type })
      const file = type === 'fp32' ? 'model.onnx_data' : 'model_fp16.onnx_data'
      sizes.push((await stat(join(folder, 'onnx', file))).size)
    }
    // 256 tokens of 64 elements.
    expect(sizes[1]! - sizes[0]!).toBe(256 * 64 * (type === 'fp32' ? 4 : 2))
  })

  it('gives its logits in blocks that CoreML takes', async () => {
    const path = join(directory, 'wide.gguf')
    const size = largestDimension + 100
    const words = Array.from({ length: size }, (_, id) => `token${id}`)
    const vocabulary = { model: 'gpt2', pre: 'gpt-2', tokens: words, types: words.map(() => 1), merges: ['t o'] }
    await writeTinyDecoder(path, { architecture: 'llama', tied: true, vocabulary })
    const tokens = tokensBelow(size, 10)
    const expected = await referenceLogits(await readGguf(path), tokens)
    for (const [type, variant] of [
      ['fp32', ''],
      ['fp16', '_fp16'],
    ] as const) {
      await exportOnnx(path, join(directory, 'wide'), { type, static: { buckets: [1, 8], contextLength: 40 } })
      const rows = await staticLogits(join(directory, 'wide'), tokens, [8, 1, 1], 40, variant)
      expect(largestDifference(rows, expected)).toBeLessThan(type === 'fp32' ? 1e-4 : 2e-2)
    }
  })
})

it('computes what arithmetic in double precision does', async () => {
  const tokens = tokensBelow(4096, 6)
  const folder = join(directory, 'precise')
  await exportOnnx(target, folder)
  const expected = await referenceLogits(await readGguf(target), tokens)
  const rows = await dynamicLogits(join(folder, 'onnx', 'model.onnx'), tokens, [4, 1, 1])
  expect(largestDifference(rows, expected)).toBeLessThan(1e-4)
})

it.each([40, 500])('is for texts of %i tokens when that is asked for', async (contextLength) => {
  const path = join(directory, 'any length.gguf')
  await writeTinyDecoder(path, { architecture: 'llama' })
  const folder = join(directory, `length ${contextLength}`)
  await exportOnnx(path, folder, { contextLength })
  const config = async (name: string) => JSON.parse(await readFile(join(folder, name), 'utf8')) as object
  expect(await config('config.json')).toMatchObject({ max_position_embeddings: contextLength })
  expect(await config('tokenizer_config.json')).toMatchObject({ model_max_length: contextLength })
  const tokens = tokensBelow(256, contextLength)
  const rows = await dynamicLogits(join(folder, 'onnx', 'model.onnx'), tokens)
  const expected = await referenceLogits(await readGguf(path), tokens)
  expect(largestDifference(rows, expected)).toBeLessThan(1e-4)
})

describe('q4', () => {
  it('carries Q4_0 and Q8_0 over exactly', async () => {
    const tokens = tokensBelow(4096)
    const folder = join(directory, 'draft-q4')
    await exportOnnx(draft, folder, { type: 'q4' })
    await exportOnnx(draft, folder)
    const [q4, fp32] = await Promise.all(
      ['model_q4.onnx', 'model.onnx'].map((file) => dynamicLogits(join(folder, 'onnx', file), tokens, passes)),
    )
    expect(largestDifference(q4!, fp32!)).toBeLessThan(1e-4)
    const sizes = await Promise.all(
      ['model_q4', 'model'].map((file) => stat(join(folder, 'onnx', `${file}.onnx_data`))),
    )
    expect(sizes[0]!.size).toBeLessThan(sizes[1]!.size / 4)
    const { operators } = readGraph(await readFile(join(folder, 'onnx', 'model_q4.onnx')))
    const layers = operators.get('com.microsoft:GroupQueryAttention')!
    expect(operators.get('com.microsoft:MatMulNBits')).toBe(7 * layers + 1)
    expect(operators.has('MatMul')).toBe(false)
  })

  it('cuts other weights to four bits as llama.cpp does', async () => {
    const [floats, blocks] = ['F32', 'Q4_0'].map((type) => join(directory, `cut-${type}.gguf`)) as [string, string]
    await writeTinyDecoder(floats, { architecture: 'llama' })
    await writeTinyDecoder(blocks, { architecture: 'llama', type: 'Q4_0', outer: 'Q8_0' })
    const tokens = tokensBelow(256)
    const rows = []
    for (const path of [floats, blocks]) {
      const folder = `${path}-onnx`
      await exportOnnx(path, folder, { type: 'q4' })
      rows.push(await dynamicLogits(join(folder, 'onnx', 'model_q4.onnx'), tokens))
    }
    expect(largestDifference(rows[0]!, rows[1]!)).toBe(0)
  })
})

describe('a model that cannot be converted', () => {
  it.each<[string, TinyDecoder, string]>([
    ['another architecture', { architecture: 'gemma' }, 'its architecture is gemma, and only llama, qwen2, qwen3'],
    [
      'a mixture of experts',
      { architecture: 'llama', more: { 'llama.expert_count': { type: 'uint32', value: 8 } } },
      'mixture of experts',
    ],
    ['an unknown tensor', { architecture: 'llama', headNorms: true }, 'it has the tensor blk.0.attn_q_norm.weight'],
    ['a missing tensor', { architecture: 'qwen3' }, 'it has no tensor blk.0.attn_q_norm.weight'],
    [
      'other positions',
      { architecture: 'llama', more: { 'llama.rope.scaling.type': { type: 'string', value: 'yarn' } } },
      'scaled by the method "yarn"',
    ],
    [
      'another tokenizer',
      { architecture: 'llama', more: { 'tokenizer.ggml.model': { type: 'string', value: 'bert' } } },
      "Put the model's own tokenizer.json beside the file",
    ],
    ['other words', { architecture: 'llama', vocabulary: byteVocabulary('viking') }, 'it splits words as "viking"'],
  ])('is refused: %s', async (name, decoder, message) => {
    const path = join(directory, `${name}.gguf`)
    await writeTinyDecoder(path, decoder)
    const error = await exportOnnx(path, join(directory, 'refused')).catch((reason: unknown) => reason)
    expect(ForetokenError.is(error, 'model-file'), String(error)).toBe(true)
    expect((error as Error).message).toContain(message)
    expect((error as Error).message).toContain(path)
  })

  it('is refused when CoreML takes no dimension of its size', async () => {
    await expect(
      exportOnnx(draft, join(directory, 'refused'), { static: { buckets: [8], contextLength: 16_380 } }),
    ).rejects.toMatchObject({ code: 'model-file', message: expect.stringContaining('16384') as string })
  })
})

it.each([
  [{ type: 'q5' as 'q4' }, 'There is no type q5'],
  [{ contextLength: 0 }, 'contextLength must be a whole number'],
  [{ type: 'q4', static: { buckets: [1], contextLength: 64 } }, 'cannot be of type q4'],
  [{ static: { buckets: [], contextLength: 64 } }, 'buckets is empty'],
  [{ static: { buckets: [1.5], contextLength: 64 } }, 'not 1.5'],
  [{ static: { buckets: [1], contextLength: 15 } }, 'from 16 to 16384, not 15'],
] as const)('refuses the options %j', async (options, message) => {
  await expect(exportOnnx(draft, join(directory, 'refused'), options)).rejects.toMatchObject({
    code: 'invalid-argument',
    message: expect.stringContaining(message) as string,
  })
})

it('stops when it is told to, and leaves nothing half written', async () => {
  const folder = join(directory, 'stopped')
  const stop = new AbortController()
  const progress: number[] = []
  const onProgress = (fraction: number): void => {
    progress.push(fraction)
    if (progress.length === 5) stop.abort(new Error('enough'))
  }
  await expect(exportOnnx(target, folder, { onProgress, signal: stop.signal })).rejects.toThrow('enough')
  expect(progress).toHaveLength(5)
  expect(await readdir(directory)).not.toContain('stopped')
})
