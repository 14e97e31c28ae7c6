import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { speculationOutlook } from '@foretoken/core'
import { describe, expect, it } from 'vitest'
import { checkPair, inspectModel, loadModel } from './index.js'
import { draftPath, targetPath } from './test-models.js'
import { tinyMixture, writeTinyGguf } from './tiny-gguf.js'

const target = await inspectModel(targetPath)
const draft = await inspectModel(draftPath)

describe('what a file is', () => {
  it('is read without loading it', () => {
    expect(target).toMatchObject({
      architecture: 'llama',
      quantization: 'F16',
      parts: 1,
      recurrent: false,
      experts: undefined,
      tokenizer: expect.stringContaining('gpt2'),
    })
    expect(target.bitsPerWeight).toBeCloseTo(16, 0)
    expect(target.weightBytes).toBeLessThan(target.fileSize)
    expect(target.memory.total).toBeGreaterThan(target.weightBytes)
    expect(target.parameters).toBeGreaterThan(draft.parameters)
  })

  it('agrees with what llama.cpp loads', async () => {
    const model = await loadModel({ path: targetPath, gpu: false })
    expect(model.vocabSize).toBe(target.vocabSize)
    expect(model.tokenizer.fingerprint).toBe(target.fingerprint)
    expect(model.contextLength).toBe(Math.min(8192, target.contextLength))
    await model.dispose()
  })
})

describe('a mixture of experts', () => {
  it('is known by its file, runs, and is told of', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'foretoken-mixture-'))
    const path = join(folder, 'mixture.gguf')
    writeTinyGguf(path, tinyMixture({ experts: 8, used: 2 }))
    const { experts } = await inspectModel(path)
    expect(experts).toEqual({ count: 8, used: 2 })
    const model = await loadModel({ path, gpu: false, contextSize: 64 })
    expect(speculationOutlook({ curve: model.passCurve, experts: model.info.experts })).toMatch(
      /^This model is a mixture of experts, 2 of 8 for each token: a pass over \d+ tokens reads more of them/,
    )
    await model.dispose()
    await rm(folder, { recursive: true })
  })
})

describe('whether two models can be paired', () => {
  it('yes, when they have the same vocabulary', () => {
    expect(checkPair(target, draft)).toMatchObject({ ok: true })
    expect(checkPair(target, draft).cost).toBeCloseTo(draft.weightBytes / target.weightBytes)
  })

  it('no, when it has another size', () => {
    const { ok, reasons } = checkPair(target, { ...draft, vocabSize: 32_000 })
    expect(ok).toBe(false)
    expect(reasons[0]).toContain(`${target.vocabSize} tokens and the draft's has 32000`)
  })

  it('no, when its tokens are others', () => {
    expect(checkPair(target, { ...draft, fingerprint: 'ffff' })).toMatchObject({ ok: false })
  })

  it('says what speaks against it although it works', () => {
    expect(checkPair(target, target).reasons.join()).toMatch(/100 % of the target/)
    expect(checkPair({ ...target, recurrent: true }, draft).reasons.join()).toMatch(/cannot be cut back/)
    expect(checkPair({ ...target, contextLength: 99_999 }, draft).reasons.join()).toMatch(/99999/)
  })
})
