import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { speculationOutlook } from '@foretoken/core'
import { describe, expect, it } from 'vitest'
import { checkPair, type FileSource, inspectModel, loadModel } from './index.js'
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

  it('is the same from a source that is no file here, of which the head alone is read', async () => {
    const bytes = await readFile(targetPath)
    let most = 0
    const open = async (path: string): Promise<FileSource> => {
      expect(path).toBe('hf://o/r/m.gguf')
      return {
        size: bytes.length,
        read: async (position, length) => {
          most = Math.max(most, position + length)
          return new Uint8Array(bytes.subarray(position, position + length))
        },
        close: async () => {},
      }
    }
    expect(await inspectModel('hf://o/r/m.gguf', open)).toEqual({ ...target, path: 'hf://o/r/m.gguf' })
    expect(most).toBeLessThan(bytes.length / 10)
    const broken = new Error('the network')
    await expect(inspectModel('x', () => Promise.reject(broken))).rejects.toBe(broken)
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
    const { ok, reasons } = checkPair(target, { ...draft, vocabSize: 32_000, fingerprint: 'ffff' })
    expect(ok).toBe(false)
    expect(reasons[0]).toContain(`${target.vocabSize} tokens and the draft's has 32000`)
  })

  it('yes, when only the padding is another', () => {
    const { ok, reasons } = checkPair(target, { ...draft, vocabSize: 32_000 })
    expect(ok).toBe(true)
    expect(reasons[0]).toContain(`the same but for padding at their ends (${target.vocabSize} and 32000`)
  })

  it('no, when its tokens are others', () => {
    expect(checkPair(target, { ...draft, fingerprint: 'ffff' })).toMatchObject({ ok: false })
  })

  it('by a fingerprint that padding at the end is no part of', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'foretoken-padding-'))
    const { metadata, tensors } = tinyMixture({ experts: 2, used: 1 })
    const [tokens, kinds] = ['tokenizer.ggml.tokens', 'tokenizer.ggml.token_type'] as const
    const texts = metadata[tokens] as string[]
    const fingerprintWith = async (more: readonly string[], kind = 5): Promise<string | undefined> => {
      const path = join(folder, 'tiny.gguf')
      const longer = {
        ...metadata,
        [tokens]: [...texts, ...more],
        [kinds]: [...(metadata[kinds] as number[]), ...more.map(() => kind)],
      }
      writeTinyGguf(path, { metadata: longer, tensors })
      return (await inspectModel(path)).fingerprint
    }
    const pads = [0, 1, 2].map((i) => `[PAD${texts.length + i}]`)
    const plain = await fingerprintWith([])
    expect(await fingerprintWith(pads)).toBe(plain)
    expect(await fingerprintWith(pads, 1)).not.toBe(plain)
    expect(await fingerprintWith(['word'])).not.toBe(plain)
    expect(await fingerprintWith(['[PAD7]'])).not.toBe(plain)
    expect(await fingerprintWith([...pads, 'word'])).not.toBe(await fingerprintWith(['word']))
    await rm(folder, { recursive: true })
  })

  it('says what speaks against it although it works', () => {
    expect(checkPair(target, target).reasons.join()).toMatch(/100 % of the target/)
    expect(checkPair({ ...target, recurrent: true }, draft).reasons.join()).toMatch(/cannot be cut back/)
    expect(checkPair({ ...target, contextLength: 99_999 }, draft).reasons.join()).toMatch(/99999/)
  })
})
