import { draftModel, fixedLength, generate } from '@foretoken/core'
import type { GenerateOptions } from '@foretoken/core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { WorkerModel } from './model.js'
import { openDemo } from './test-models.js'

const prompts = ['export function debounce(', 'describe(', '/**\n * Returns the', 'const']

describe.each([
  ['growing', 512],
  ['delta', 1024],
])('generations at a time on ONNX Runtime, %s cache', (_, contextSize) => {
  let target: WorkerModel
  let draft: WorkerModel
  beforeAll(async () => {
    const options = { contextSize, sequences: 4, calibrate: false } as const
    target = (await openDemo('target', options)) as WorkerModel
    draft = (await openDemo('draft', options)) as WorkerModel
  })
  afterAll(async () => {
    await target.dispose()
    await draft.dispose()
  })

  const say = async (prompt: string, options: Partial<GenerateOptions>): Promise<string> => {
    const { text, warnings } = await generate({ model: target, prompt, maxTokens: 48, ...options }).result()
    expect(warnings).toEqual([])
    return text
  }

  /** How many texts each pass of a model ran. */
  const watch = (model: WorkerModel): number[] => {
    const texts: number[] = []
    const call = model.host.call.bind(model.host)
    vi.spyOn(model.host, 'call').mockImplementation((request) => {
      if (request.op === 'pass' && request.model === model.id) texts.push(request.texts.length)
      return call(request)
    })
    return texts
  }

  it('share passes, and say what each says alone', async () => {
    const alone: string[] = []
    for (const prompt of prompts) alone.push(await say(prompt, {}))
    const texts = watch(target)
    expect(await Promise.all(prompts.map((prompt) => say(prompt, {})))).toEqual(alone)
    vi.restoreAllMocks()
    // Four in step, but for the prompts and the end.
    expect(texts.filter((count) => count === 4).length).toBeGreaterThan(40)
  })

  it('let their drafts share passes, too', async () => {
    const options = { strategy: draftModel({ model: draft }), length: fixedLength(3) }
    const alone: string[] = []
    for (const prompt of prompts) alone.push(await say(prompt, options))
    // The target's passes are over several tokens each.
    const texts = watch(draft)
    expect(await Promise.all(prompts.map((prompt) => say(prompt, options)))).toEqual(alone)
    vi.restoreAllMocks()
    expect(Math.max(...texts)).toBeGreaterThan(1)
  })
})
