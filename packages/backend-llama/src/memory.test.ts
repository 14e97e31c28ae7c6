import { describe, expect, it } from 'vitest'
import { fitModel, layersOnGpu } from './fit.js'
import { availableOf, groupRoom } from './free-memory.js'
import { estimateMemory, formatBytes } from './memory.js'

const gib = 2 ** 30
/** An 8B model with grouped heads, in 4 bits. */
const model = {
  path: 'm.gguf',
  vocabSize: 128_256,
  weightBytes: 4.6 * gib,
  shape: {
    layers: 32,
    embedding: 4096,
    feedForward: 14_336,
    heads: 32,
    cachedKeys: Array.from({ length: 32 }, () => 1024),
    cachedValues: Array.from({ length: 32 }, () => 1024),
  },
}
const request = { sequences: 1, cacheType: 'f16', contextSize: undefined, defaultContext: 8192 } as const

describe('what a model needs', () => {
  it('is weights, cache and buffers', () => {
    const need = estimateMemory(model, { contextSize: 8192, sequences: 1, cacheType: 'f16' })
    expect(need.cache).toBe(gib)
    expect(need.buffers).toBeGreaterThan(0.05 * gib)
    expect(need.buffers).toBeLessThan(0.6 * gib)
    expect(need.total).toBe(need.weights + need.cache + need.buffers)
  })

  it('grows with sequences and shrinks with the cache type', () => {
    const need = (sequences: number, cacheType: 'f16' | 'q8_0') =>
      estimateMemory(model, { contextSize: 8192, sequences, cacheType }).cache
    expect(need(4, 'f16')).toBe(4 * gib)
    expect(need(1, 'q8_0') / gib).toBeCloseTo(8.5 / 16)
  })

  it('is told in units that people read', () => {
    expect([0, 900, 1536, 7_877_376, 13.24 * gib, 250 * gib].map(formatBytes)).toEqual([
      '0 B',
      '900 B',
      '1.5 KiB',
      '7.5 MiB',
      '13.2 GiB',
      '250 GiB',
    ])
  })
})

describe('fitting a model into memory', () => {
  it('takes the whole default context where it fits', () => {
    expect(fitModel(model, request, { memory: 16 * gib, video: 0, unified: false })).toMatchObject({
      contextSize: 8192,
      gpuLayers: 0,
    })
  })

  it('takes a smaller default context where memory is short, but never another than was asked for', () => {
    const room = { memory: 5.6 * gib, video: 0, unified: false }
    expect(fitModel(model, request, room).contextSize).toBe(4096)
    expect(() => fitModel(model, { ...request, contextSize: 8192 }, room)).toThrow(
      /cache for 8192 tokens 1\.0 GiB.*smaller contextSize/,
    )
  })

  it('says what to do when even the weights do not fit', () => {
    expect(() => fitModel(model, request, { memory: 3 * gib, video: 0, unified: false })).toThrow(
      /3\.0 GiB is free\. Use a smaller quantisation/,
    )
  })

  it('puts all, some or no layers on the GPU', () => {
    const need = estimateMemory(model, { contextSize: 8192, sequences: 1, cacheType: 'f16' })
    expect(layersOnGpu(32, need, { memory: 16 * gib, video: 24 * gib, unified: false })).toBe(33)
    const some = layersOnGpu(32, need, { memory: 16 * gib, video: 4 * gib, unified: false })!
    expect(some).toBeGreaterThan(10)
    expect(some).toBeLessThan(25)
    expect(layersOnGpu(32, need, { memory: 16 * gib, video: 0.1 * gib, unified: false })).toBe(0)
    expect(layersOnGpu(32, need, { memory: 1 * gib, video: 4 * gib, unified: false })).toBeUndefined()
  })

  it('counts the memory of Apple silicon once', () => {
    const need = estimateMemory(model, { contextSize: 8192, sequences: 1, cacheType: 'f16' })
    expect(layersOnGpu(32, need, { memory: 12 * gib, video: 10 * gib, unified: true })).toBe(33)
    expect(layersOnGpu(32, need, { memory: 4 * gib, video: 10 * gib, unified: true })).toBeUndefined()
  })
})

describe('the memory that is free', () => {
  it('includes the page cache', () => {
    expect(availableOf('MemTotal: 100 kB\nMemFree:   1 kB\nMemAvailable:   42 kB\n')).toBe(42 * 1024)
    expect(availableOf('nothing')).toBeUndefined()
  })

  it('ends at the limit of a container, whose file cache gives way', () => {
    expect(groupRoom('max\n', '5\n', '')).toBeUndefined()
    expect(groupRoom('9223372036854771712\n', '5\n', '')).toBeUndefined()
    expect(groupRoom(undefined, undefined, undefined)).toBeUndefined()
    expect(groupRoom('1000\n', '700\n', 'anon 100\ninactive_file 300\nactive_file 200\n')).toBe(800)
    expect(groupRoom('1000\n', '2000\n', '')).toBe(0)
  })
})
