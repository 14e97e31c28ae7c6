import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { modelConformance } from '@foretoken/core/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { inspectModel, loadModel } from './index.js'
import { tinyMamba, writeTinyGguf } from './tiny-gguf.js'

const folder = mkdtempSync(join(tmpdir(), 'foretoken-'))
const path = join(folder, 'mamba.gguf')
writeTinyGguf(path, tinyMamba())
afterAll(() => rmSync(folder, { recursive: true }))

describe('a model that cannot drop tokens', () => {
  it('is recognised', async () => {
    expect((await inspectModel(path)).recurrent).toBe(true)
    const model = await loadModel({ path, gpu: false })
    expect(model.capabilities.rollback).toBe('replay')
    await model.dispose()
  })

  it('goes back further than its checkpoints', async () => {
    const model = await loadModel({ path, gpu: false, sequences: 2 })
    const sequence = await model.createSequence()
    const text = model.tokenizer.encode('the quick brown fox jumps over the lazy dog')
    for (const token of text) await sequence.forward([token], { outputs: 'none' })
    await sequence.truncate(3)
    expect(sequence.tokens).toEqual(text.slice(0, 3))
    const again = (await sequence.forward(text.slice(3))).row(0).slice()
    const straight = (await (await model.createSequence()).forward(text)).row(0)
    expect(Math.max(...again.map((logit, token) => Math.abs(logit - straight[token]!)))).toBeLessThan(0.01)
    await model.dispose()
  })
})

describe('the model contract: Mamba', () => {
  const open = () => loadModel({ path, gpu: false, contextSize: 256, sequences: 3 })
  for (const { name, run } of modelConformance(open)) it(name, run)
})
