import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { draftModel, fixedLength, generate } from '@foretoken/core'
import type { LanguageModel, LogitsRows } from '@foretoken/core'
import { modelConformance } from '@foretoken/core/testing'
import { draft, target } from '@foretoken/demo-models'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { largestDifference } from './export/test-runs.js'
import { exportOnnx, loadModel } from './index.js'
import type { OnnxModel } from './index.js'
import { openReference } from './test-models.js'
import { keepWorker } from './test-worker.js'

const directory = mkdtempSync(join(tmpdir(), 'foretoken-static-'))
const folder = (name: string): string => join(directory, name)
const contextLength = 256
const room = { calibrate: false, sequences: 4 } as const

beforeAll(async () => {
  const sizes = { buckets: [1, 8], contextLength }
  await exportOnnx(target, folder('target'), { static: sizes })
  await exportOnnx(target, folder('target'), { type: 'fp16', static: sizes })
  await exportOnnx(draft, folder('draft'), { static: sizes })
  await exportOnnx(target, folder('one size'), { static: { buckets: [3], contextLength } })
  await exportOnnx(target, folder('both'), {})
  await exportOnnx(target, folder('both'), { static: sizes })
}, 120_000)
afterAll(() => rmSync(directory, { recursive: true }))

describe.each([
  ['passes of 1 and 8 tokens', 'target', 4],
  ['passes of 1 and 8 tokens', 'target', 1],
  ['weights of 16 bits', 'target/onnx/model_static_fp16_8.onnx', 4],
  ['passes of 3 tokens', 'one size', 4],
  ['the draft', 'draft', 4],
] as const)('the model contract, fixed sizes: %s, %s, %i sequences', (_, path, sequences) => {
  const open = () => loadModel({ path: folder(path), sequences, calibrate: false })
  keepWorker()
  for (const { name, run } of modelConformance(open, { tolerance: 1e-3 })) it(name, run)
})

describe('graphs of fixed sizes', () => {
  const prompts = [
    'export function debounce(',
    "import { readFile } from 'node:fs/promises'\n\n",
    'describe(',
    '/**\n * Returns the',
  ]
  const maxTokens = 96
  let model: OnnxModel
  let other: OnnxModel
  let texts: string[]
  const textsOf = async (of: LanguageModel): Promise<string[]> => {
    const said: string[] = []
    for (const prompt of prompts) said.push((await generate({ model: of, prompt, maxTokens }).result()).text)
    return said
  }
  beforeAll(async () => {
    model = await loadModel({ path: folder('target'), ...room })
    other = await loadModel({ path: folder('both'), ...room })
    texts = await textsOf(model)
  })
  afterAll(async () => {
    await model.dispose()
    await other.dispose()
  })

  it('say what the graph for any size says, and what llama.cpp says', async () => {
    expect(texts).toEqual(await textsOf(other))
    const reference = await openReference('target')
    expect(texts).toEqual(await textsOf(reference))
    await reference.dispose()
  })

  it('give its logits for passes of any length', async () => {
    const text = Array.from({ length: 120 }, (_, i) => (i * 7919 + 31) % model.vocabSize)
    const [ours, theirs] = await Promise.all([model.createSequence(), other.createSequence()])
    for (let done = 0, count = 1; done + count <= text.length; done += count++) {
      const input = text.slice(done, done + count)
      const outputs = Math.ceil(count / 2)
      const [mine, expected] = [await ours.forward(input, { outputs }), await theirs.forward(input, { outputs })]
      const rowsOf = (rows: LogitsRows) => Array.from({ length: outputs }, (_, row) => rows.row(row).slice())
      expect(largestDifference(rowsOf(mine), rowsOf(expected))).toBeLessThan(1e-3)
    }
    await ours.dispose()
    await theirs.dispose()
  })

  it.each([1, 4, 7, 11])('say with drafts of %i tokens what they say without', async (gamma) => {
    const small = await loadModel({ path: folder('draft'), ...room })
    for (const [index, prompt] of prompts.entries()) {
      const options = { strategy: draftModel({ model: small }), length: fixedLength(gamma) }
      const drafted = await generate({ model, prompt, maxTokens, ...options }).result()
      expect(drafted.warnings).toEqual([])
      expect(drafted.stats.accepted).toBeGreaterThan(0)
      expect(drafted.text).toBe(texts[index])
    }
    await small.dispose()
  })

  it('hold as many tokens as they were made for, to the last', async () => {
    expect(model.contextLength).toBe(contextLength)
    const sequence = await model.createSequence()
    const text = Array.from({ length: contextLength }, (_, i) => (i * 31) % model.vocabSize)
    await sequence.forward(text.slice(0, -2))
    const last = (await sequence.forward(text.slice(-2))).row(0).slice()
    await sequence.dispose()
    const theirs = await other.createSequence()
    const expected = (await theirs.forward(text)).row(0)
    expect(largestDifference([last], [expected])).toBeLessThan(1e-3)
    await theirs.dispose()
    await expect(loadModel({ path: folder('target'), contextSize: contextLength + 1 })).rejects.toThrow('made for')
  })

  it('roll back by their mask, and tell what they are', () => {
    expect(model.rollback).toBe('mask')
    expect(model.description).toMatch(/^llama static, CPU \(ONNX Runtime\)/)
    expect(basename(model.file)).toBe('model_static_1.onnx')
  })
})

describe('of both forms', () => {
  keepWorker()
  const loaded = async (options: object): Promise<OnnxModel> => {
    const model = await loadModel({ path: folder('both'), calibrate: false, ...options })
    await model.dispose()
    return model
  }

  it('that for any size is chosen, unless it is for CoreML or the type says so', async () => {
    expect(basename((await loaded({})).file)).toBe('model.onnx')
    expect(basename((await loaded({ type: 'static' })).file)).toBe('model_static_1.onnx')
    expect(basename((await loaded({ device: 'coreml', type: 'fp32' })).file)).toBe('model.onnx')
    const { file, device } = await loaded({ device: 'coreml' })
    expect(basename(file)).toBe('model_static_1.onnx')
    expect(device.attempts[0]!.provider).toBe('coreml')
  })

  it('counts where nodes run, of one graph', async () => {
    const { placements } = (await loaded({ type: 'static', device: 'cpu', placements: true })).device
    // The target has 4 layers of more than ten operators each.
    expect(placements!.CPUExecutionProvider).toBeGreaterThan(40)
    expect(Object.keys(placements!)).toEqual(['CPUExecutionProvider'])
  })
})
