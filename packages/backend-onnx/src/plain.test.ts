import { rm } from 'node:fs/promises'
import { fixedLength, generate } from '@foretoken/core'
import type { DraftRequest, DraftStrategy } from '@foretoken/core'
import { modelConformance } from '@foretoken/core/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { loadModel } from './index.js'
import { plainFolder, vocabSize } from './test-plain.js'
import type { PlainDecoder } from './test-plain.js'
import { keepWorker } from './test-worker.js'

const folders: string[] = []
const folderOf = (of: PlainDecoder): string => {
  const folder = plainFolder(of)
  folders.push(folder)
  return folder
}
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))))

/** Rows of a cache in half precision are rounded at their ends, so what is far below a bit may become one. */
const tolerance = { float: 1e-3, float16: 0.05 }

describe.each([
  ['float', true, 'mask'],
  ['float', false, 'slice'],
  ['float16', true, 'mask'],
] as const)('attention of single operators, cache in %s, told positions: %s', (cache, positions, rollback) => {
  const path = folderOf({ cache, positions })
  // The cache is of one kind for short contexts, of another for long ones.
  describe.each([256, 1024])('%i tokens', (contextSize) => {
    const open = () => loadModel({ path, contextSize, sequences: 4, calibrate: false })
    keepWorker()

    for (const { name, run } of modelConformance(open, { tolerance: tolerance[cache] })) it(name, run)

    it(`rolls back by ${rollback}, and says with drafts that are refused what it says without`, async () => {
      const model = await open()
      expect(model.rollback).toBe(rollback)
      const [start, ...others] = model.tokenizer.encode('function add(a, b) { return')
      const request = { model, prompt: [start!, ...others], maxTokens: 48 }
      const plain = await generate(request).result()
      // Right, but for the third of each seven.
      const drafts = plain.tokens.map((token, at) => (at % 7 === 2 ? (token + 1) % vocabSize : token))
      const propose = ({ length }: readonly number[], { maxTokens }: DraftRequest) => {
        const at = length - request.prompt.length
        return { tokens: drafts.slice(at, at + maxTokens) }
      }
      const strategy: DraftStrategy = { name: 'nearly right', open: () => ({ propose }) }
      const drafted = await generate({ ...request, strategy, length: fixedLength(4) }).result()
      await model.dispose()
      expect(drafted.stats.accepted).toBeGreaterThan(0)
      expect(drafted.stats.accepted).toBeLessThan(drafted.stats.drafted)
      expect(drafted.tokens).toEqual(plain.tokens)
    })
  })
})

describe('logits', () => {
  const of = { cache: 'float', positions: true } as const

  it.each([true, false])('fewer than the vocabulary has are refused, width told: %s', async (tellsWidth) => {
    const path = folderOf({ ...of, width: vocabSize - 1, tellsWidth })
    await expect(loadModel(path)).rejects.toMatchObject({
      code: 'model-file',
      message: expect.stringContaining(`${vocabSize - 1} logits`),
    })
  })

  it.each([true, false])('more than that are cut off, width told: %s', async (tellsWidth) => {
    const model = await loadModel({ path: folderOf({ ...of, width: vocabSize + 7, tellsWidth }), calibrate: false })
    const sequence = await model.createSequence()
    const both = await sequence.forward([5, 6], { outputs: 'all' })
    const rows = [0, 1].map((row) => both.row(row).slice())
    expect(model.vocabSize).toBe(vocabSize)
    expect(rows[1]).toHaveLength(vocabSize)
    await sequence.truncate(0)
    for (const [at, token] of [5, 6].entries()) {
      const alone = (await sequence.forward([token])).row(0)
      rows[at]!.forEach((logit, token) => expect(Math.abs(logit - alone[token]!)).toBeLessThan(1e-3))
    }
    await model.dispose()
  })
})
