import { describe, expect, it } from 'vitest'
import { loadModel } from './index.js'
import { targetPath } from './test-models.js'

const path = targetPath

describe('the options of loadModel', () => {
  it.each([
    [{}, /either path .* or uri/],
    [{ path, uri: 'hf:a/b' }, /either path .* or uri/],
    [{ path, gpu: 'opencl' }, /gpu: "opencl" must be one of/],
    [{ path, sequences: 0 }, /sequences: 0/],
    [{ path, sequences: 257 }, /from 1 to 256/],
    [{ path, contextSize: 1.5 }, /contextSize/],
    [{ path, threads: -1 }, /threads/],
    [{ path, cacheType: 'q9' }, /cacheType.*f16/],
  ])('%o is refused', async (options, message) => {
    await expect(loadModel(options as never)).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringMatching(message),
    })
  })

  it('a signal ends the load before it starts', async () => {
    const reason = new Error('not now')
    await expect(loadModel({ path, gpu: false, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  it('a signal ends the load while it runs', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const loading = loadModel({
      path,
      gpu: false,
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    })
    await expect(loading).rejects.toBe(reason)
  })

  it('progress goes from 0 to 1', async () => {
    const fractions: number[] = []
    const model = await loadModel({ path, gpu: false, onProgress: ({ fraction }) => fractions.push(fraction) })
    expect(fractions.at(-1)).toBe(1)
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b))
    await model.dispose()
  })

  it('a model that does not fit is refused with figures', async () => {
    await expect(
      loadModel({ path, gpu: false, contextSize: 2 ** 26, sequences: 8, onWarning: () => {} }),
    ).rejects.toMatchObject({
      code: 'out-of-memory',
      message: expect.stringMatching(
        /needs [\d.]+ TiB: weights [\d.]+ MiB, cache for 67108864 tokens on each of 8 sequences/,
      ),
    })
  })

  it('a context beyond the training is warned of', async () => {
    const warnings: string[] = []
    const model = await loadModel({ path, gpu: false, contextSize: 4096, onWarning: (text) => warnings.push(text) })
    expect(warnings).toEqual([expect.stringMatching(/4096 is more than the 1024 tokens/)])
    await model.dispose()
  })

  it('the cache can be quantised, and the threads chosen', async () => {
    // One thread: on a machine with other work, waiting for a second one takes seconds.
    const model = await loadModel({ path, gpu: false, cacheType: 'q8_0', threads: 1 })
    expect(model.threads).toBe(1)
    expect(model.description).toMatch(/CPU.*1 thread$/)
    const sequence = await model.createSequence()
    expect((await sequence.forward([1, 2, 3])).count).toBe(1)
    await model.dispose()
  })
})
