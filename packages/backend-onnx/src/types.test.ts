import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from '@foretoken/core'
import { modelConformance } from '@foretoken/core/testing'
import { target } from '@foretoken/demo-models'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exportOnnx, loadModel } from './index.js'
import type { OnnxModel } from './index.js'
import { keepWorker } from './test-worker.js'

let path = ''
beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), 'foretoken-types-'))
  for (const type of ['fp32', 'fp16', 'q4'] as const) await exportOnnx(target, path, { type })
})
afterAll(() => rm(path, { recursive: true }))

const prompts = ['export function debounce(', 'describe(', "import { readFile } from 'node:fs/promises'\n\n"]

describe.each([
  ['fp16', false, 1e-3],
  ['q4', true, 1e-3],
  // Activations of 8 bits are rounded one way in a narrow pass and another way in a wide one.
  ['q4', false, 0.5],
] as const)('the demo target in %s, exact: %s', (type, exact, tolerance) => {
  const open = () => loadModel({ path, type, exact, contextSize: 256, sequences: 4, calibrate: false })
  keepWorker()
  for (const { name, run } of modelConformance(open, { tolerance })) it(name, run)
})

describe('beside fp32', () => {
  const open = (type: 'fp32' | 'fp16' | 'q4', exact = false) =>
    loadModel({ path, type, exact, contextSize: 256, calibrate: false })
  const textsOf = async (model: OnnxModel): Promise<readonly number[][]> => {
    const texts: number[][] = []
    for (const prompt of prompts) texts.push([...(await generate({ model, prompt, maxTokens: 48 }).result()).tokens])
    await model.dispose()
    return texts
  }
  keepWorker()

  it('fp16 says the same, as its weights came from fp16', async () => {
    expect(await textsOf(await open('fp16'))).toEqual(await textsOf(await open('fp32')))
  })

  it('q4 likes the same tokens, most often, with any activations', async () => {
    const reference = await open('fp32')
    const [exact, rounded] = [await open('q4', true), await open('q4')]
    expect(exact.description).not.toContain('8 bits')
    expect(rounded.description).toContain('activations of 8 bits')
    const best = async (model: OnnxModel, text: readonly number[]): Promise<number[]> => {
      const sequence = await model.createSequence()
      const rows = await sequence.forward(text, { outputs: 'all' })
      const tokens = text.map((_, row) => rows.argmax(row))
      await sequence.dispose()
      return tokens
    }
    const text = (await generate({ model: reference, prompt: prompts[0]!, maxTokens: 100 }).result()).tokens
    const expected = await best(reference, text)
    const agreed = async (model: OnnxModel): Promise<number> =>
      (await best(model, text)).filter((token, at) => token === expected[at]).length / text.length
    const shares = [await agreed(exact), await agreed(rounded)]
    for (const model of [reference, exact, rounded]) await model.dispose()
    for (const share of shares) expect(share).toBeGreaterThan(0.9)
  })
})
