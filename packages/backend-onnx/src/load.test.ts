import { describe, expect, it, vi } from 'vitest'
import { loadModel } from './index.js'
import { openDemo } from './test-models.js'

describe('loading', () => {
  it.each([
    ['path', { path: '' }],
    ['device', { path: '.', device: 'tpu' as 'cpu' }],
    ['sequences', { path: '.', sequences: 0 }],
    ['contextSize', { path: '.', contextSize: 0.5 }],
    ['threads', { path: '.', threads: -1 }],
    ['exact', { path: '.', exact: 1 as unknown as boolean }],
    ['placements', { path: '.', placements: 1 as unknown as boolean }],
    ['calibrate', { path: '.', calibrate: true as unknown as false }],
  ])('refuses a wrong %s', async (name, options) => {
    await expect(loadModel(options)).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(`${name}: `),
    })
  })

  it('refuses more context than the model has positions for', async () => {
    await expect(openDemo('target', { contextSize: 2 ** 20 })).rejects.toThrow('was made for')
  })

  it('ends when it is aborted', async () => {
    const reason = new Error('enough')
    await expect(openDemo('target', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const loading = openDemo('target', { signal: controller.signal, onProgress: () => controller.abort(reason) })
    await expect(loading).rejects.toBe(reason)

    const late = new AbortController()
    const deep = openDemo('target', { signal: late.signal })
    setTimeout(() => late.abort(reason), 150)
    await expect(deep).rejects.toBe(reason)
    await (await openDemo('target', { calibrate: false })).dispose()
  })

  it('tells what it runs on, how it rolls back, and how long passes take', async () => {
    const stages: number[] = []
    const model = await openDemo('target', {
      threads: 1,
      calibrate: 'fresh',
      onProgress: ({ fraction }) => stages.push(fraction),
    })
    try {
      expect(model.description).toBe('llama fp32, CPU (ONNX Runtime), 1 thread')
      expect(model.device.provider).toBe('cpu')
      expect(model.device.attempts.at(-1)!.ms).toBeGreaterThan(0)
      // The demo models attend with GroupQueryAttention.
      expect(model.rollback).toBe('number')
      expect(model.capabilities.rollback).toBe('trim')
      const curve = model.passCurve!
      expect(curve[0]!.tokens).toBe(1)
      expect(curve.at(-1)!.tokens).toBe(16)
      for (const { ms } of curve) expect(ms).toBeGreaterThan(0)
      expect(stages).toEqual([0, 1])
    } finally {
      await model.dispose()
    }
  })

  it('keeps how long passes take for the next load', async () => {
    const curveOf = async (calibrate: 'auto' | 'fresh') => {
      const model = await openDemo('draft', { calibrate })
      await model.dispose()
      return model.passCurve!
    }
    const measured = await curveOf('fresh')
    expect(measured).toHaveLength(9)
    // No measurement gives another's times. Other work on the machine may have a look find them stale.
    await vi.waitFor(async () => expect(await curveOf('auto')).toEqual(await curveOf('auto')), 10_000)
    expect(await curveOf('fresh')).not.toEqual(await curveOf('fresh'))
  })

  it('counts where nodes run, when asked', async () => {
    const model = await openDemo('target', { calibrate: false, placements: true })
    await model.dispose()
    const { CPUExecutionProvider: nodes = 0, ...others } = model.device.placements!
    // The target has 4 layers of at least ten operators each.
    expect(nodes).toBeGreaterThan(40)
    expect(others).toEqual({})
    const without = await openDemo('target', { calibrate: false })
    await without.dispose()
    expect(without.device).not.toHaveProperty('placements')
  })
})
