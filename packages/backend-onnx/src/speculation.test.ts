import type { LlamaModel } from '@foretoken/backend-llama'
import { draftModel, fixedLength, generate } from '@foretoken/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OnnxModel } from './model.js'
import { openDemo, openReference } from './test-models.js'

const prompts = [
  'export function debounce(',
  "import { readFile } from 'node:fs/promises'\n\n",
  'describe(',
  '/**\n * Returns the',
]
/** Two tokens whose logits are this close may change places where other kernels round. llama.cpp's weights are F16. */
const rounding = 0.05

describe.each([
  ['growing', 512],
  ['delta', 1024],
])('speculation on ONNX Runtime, %s cache', (_, contextSize) => {
  let reference: LlamaModel
  let target: OnnxModel
  let draft: OnnxModel
  beforeAll(async () => {
    reference = await openReference('target')
    target = await openDemo('target', { contextSize, calibrate: false })
    draft = await openDemo('draft', { contextSize, calibrate: false })
  })
  afterAll(async () => {
    await target.dispose()
    await draft.dispose()
    await reference.dispose()
  })

  /** How much better llama.cpp likes one token than another, after `context`. */
  async function margin(context: readonly number[], one: number, other: number): Promise<number> {
    const sequence = await reference.createSequence()
    const row = (await sequence.forward(context)).row(0)
    const lead = row[one]! - row[other]!
    await sequence.dispose()
    return Math.abs(lead)
  }

  it.each(prompts)('says what llama.cpp says: %j', async (prompt) => {
    const context = target.tokenizer.encode(prompt, { start: true })
    expect(context).toEqual(reference.tokenizer.encode(prompt, { start: true }))
    const theirs = await generate({ model: reference, prompt: context, maxTokens: 64 }).result()
    const ours = await generate({ model: target, prompt: context, maxTokens: 64 }).result()
    const fork = ours.tokens.findIndex((token, i) => token !== theirs.tokens[i])
    if (fork < 0) {
      expect(ours.text).toBe(theirs.text)
      return
    }
    const before = [...context, ...theirs.tokens.slice(0, fork)]
    expect(await margin(before, theirs.tokens[fork]!, ours.tokens[fork]!)).toBeLessThan(rounding)
  })

  it.each([1, 4, 8])('says with drafts of %i tokens what it says without', async (gamma) => {
    for (const prompt of prompts) {
      const plain = await generate({ model: target, prompt, maxTokens: 64 }).result()
      const options = { strategy: draftModel({ model: draft }), length: fixedLength(gamma) }
      const drafted = await generate({ model: target, prompt, maxTokens: 64, ...options }).result()
      expect(drafted.warnings).toEqual([])
      expect(drafted.stats.accepted).toBeGreaterThan(0)
      expect(drafted.text).toBe(plain.text)
    }
  })

  it('leaves the event loop to others', async () => {
    const options = { strategy: draftModel({ model: draft }), length: fixedLength(4) }
    const before = performance.eventLoopUtilization()
    await generate({ model: target, prompt: prompts[0]!, maxTokens: 128, ...options }).result()
    // Idle while passes run; a loop that waits for them itself is busy all the time.
    expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.7)
  })

  it('ends a long prompt within a pass of the abort', async () => {
    const sequence = await target.createSequence()
    const controller = new AbortController()
    const input = Array.from({ length: 500 }, (_, i) => (i * 31) % target.vocabSize)
    const running = sequence.forward(input, { signal: controller.signal })
    setTimeout(() => controller.abort(new Error('enough')))
    await expect(running).rejects.toThrow('enough')
    expect(sequence.length).toBeLessThan(500)
    expect(sequence.length % 128).toBe(0)
    expect(sequence.tokens).toEqual(input.slice(0, sequence.length))
    await sequence.dispose()
  })

  it('gives the rows of all passes of a long input', async () => {
    const input = Array.from({ length: 300 }, (_, i) => (i * 31) % target.vocabSize)
    const sequence = await target.createSequence()
    const rows = await sequence.forward(input, { outputs: 200 })
    expect(rows.count).toBe(200)
    const seen = [0, 27, 28, 199].map((row) => rows.row(row).slice())
    for (const [index, row] of [0, 27, 28, 199].entries()) {
      await sequence.truncate(0)
      const alone = await sequence.forward(input.slice(0, 101 + row))
      alone.row(0).forEach((logit, token) => expect(Math.abs(logit - seen[index]![token]!)).toBeLessThan(1e-3))
    }
    await sequence.dispose()
  })
})
