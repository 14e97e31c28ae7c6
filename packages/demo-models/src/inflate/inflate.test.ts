import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ForetokenError } from '@foretoken/core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { decode, numberOf, readGguf, readTensor, textOf, type WritableType } from '@foretoken/gguf'
import type { Geometry } from './geometry.js'
import { inflate, type InflateOptions, type InflateProgress } from './inflate.js'
import { inflationNote } from './label.js'
import { referenceLogits } from './reference.js'
import { estimateSize, shapes } from './shapes.js'
import { writeTinyModel } from './tiny-model.js'

/** Heads share one KV head, as in the demo pair; every width is whole blocks. */
const demoLike = {
  hidden: 96,
  layers: 2,
  feedForward: 128,
  heads: 3,
  kvHeads: 1,
  headSize: 32,
  vocabSize: 70,
  tied: true,
}
/** Several KV heads, an output matrix of its own, and no width a multiple of 32. */
const uneven = {
  hidden: 40,
  layers: 3,
  feedForward: 56,
  heads: 4,
  kvHeads: 2,
  headSize: 16,
  vocabSize: 37,
  tied: false,
}
const wide = { hidden: 256, layers: 4, feedForward: 320, heads: 12, kvHeads: 3 }
const tokens = [3, 14, 15, 9, 26, 5, 35, 8]

let directory: string
let source: string
let destination: string
let count = 0

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'foretoken-inflate-'))
  source = await tiny(demoLike, 'F16')
})
beforeEach(() => {
  destination = join(directory, `inflated-${count++}`, 'model.gguf')
})
afterAll(() => rm(directory, { recursive: true }))

async function tiny(geometry: Geometry, type: WritableType): Promise<string> {
  const path = join(directory, `tiny-${count++}.gguf`)
  await writeTinyModel(path, geometry, type)
  return path
}

function run(options: Partial<InflateOptions> = {}): ReturnType<typeof inflate> {
  return inflate({ source, destination, shape: wide, ...options })
}

/** The largest difference between the logits of two files, as a part of the largest logit. */
async function difference(one: string, other: string): Promise<number> {
  const [small, large] = await Promise.all(
    [one, other].map(async (path) => referenceLogits(await readGguf(path), tokens)),
  )
  let [apart, largest] = [0, 0]
  small!.forEach((row, position) =>
    row.forEach((logit, token) => {
      apart = Math.max(apart, Math.abs(logit - large![position]![token]!))
      largest = Math.max(largest, Math.abs(logit))
    }),
  )
  return apart / largest
}

async function hashOf(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
}

async function failure(options: Partial<InflateOptions>): Promise<string> {
  const error = await run(options).catch((reason: unknown) => reason)
  expect(ForetokenError.is(error), String(error)).toBe(true)
  return `${(error as ForetokenError).code}: ${(error as Error).message}`
}

describe('an inflated model computes what the small one computes', () => {
  it.each([
    ['heads on one KV head', demoLike, 'F32', 'F32'],
    ['heads on one KV head', demoLike, 'F16', 'F16'],
    ['heads on one KV head', demoLike, 'Q8_0', 'Q8_0'],
    ['heads on one KV head', demoLike, 'Q4_0', 'Q4_0'],
    ['heads on one KV head', demoLike, 'Q4_0', 'F32'],
    ['uneven sizes', uneven, 'F32', 'F32'],
    ['uneven sizes', uneven, 'F16', 'F16'],
  ] as const)('exactly: %s', async (_, geometry, from, to) => {
    const small = await tiny(geometry, from)
    const { exact } = await run({ source: small, type: to })
    expect(exact).toBe(true)
    // The norms are scaled in single precision: that is all the difference there may be.
    expect(await difference(small, destination)).toBeLessThan(2e-6)
  })

  it.each([
    ['F32', 'F16', 0.002],
    ['F16', 'Q8_0', 0.05],
    ['Q8_0', 'F16', 0.002],
  ] as const)('within rounding: uneven sizes from %s to %s', async (from, to, tolerance) => {
    const even = from === 'Q8_0'
    const small = await tiny(even ? demoLike : uneven, from)
    const { exact } = await run({ source: small, type: to })
    expect(exact).toBe(false)
    expect(await difference(small, destination)).toBeLessThan(tolerance)
  })

  it('at the same size', async () => {
    const { hidden, layers, feedForward, heads, kvHeads } = demoLike
    await run({ shape: { hidden, layers, feedForward, heads, kvHeads } })
    expect(await difference(source, destination)).toBe(0)
  })
})

describe('an inflated file', () => {
  it('says what it is, and keeps what it came from', async () => {
    await run({ seed: 5 })
    const { metadata } = await readGguf(destination)
    expect(textOf(metadata, 'general.name')).toBe('tiny inflated to 256 x 4 F16 (speed only)')
    expect(textOf(metadata, 'general.description')).toContain(inflationNote)
    expect(textOf(metadata, 'foretoken.inflated.note')).toBe(inflationNote)
    expect(textOf(metadata, 'foretoken.inflated.source.sha256')).toBe(await hashOf(source))
    expect(numberOf(metadata, 'foretoken.inflated.seed')).toBe(5)
    expect(numberOf(metadata, 'llama.context_length')).toBe(64)
    expect(numberOf(metadata, 'general.file_type')).toBe(1)
    expect(numberOf(metadata, 'llama.attention.layer_norm_rms_epsilon')).toBe((0.125 * 96) / 256)
  })

  it.each(['F32', 'F16', 'Q8_0', 'Q4_0'] as const)('costs its full price in %s', async (type) => {
    const { bytes } = await run({ type })
    const file = await readGguf(destination)
    expect(bytes).toBe(file.size)
    const data = estimateSize(wide, type, { vocabSize: demoLike.vocabSize, headSize: demoLike.headSize })
    expect(bytes - data).toBeGreaterThan(0)
    expect(bytes - data).toBeLessThan(10_000)
    for (const name of ['blk.0.ffn_up', 'blk.3.attn_q', 'blk.3.ffn_gate', 'blk.0.attn_v']) {
      const tensor = file.tensors.get(`${name}.weight`)!
      const values = new Float32Array(tensor.dimensions[0]! * tensor.dimensions[1]!)
      decode(tensor.type, await readTensor(file, tensor), 0, values)
      // Behind the small model's columns.
      const filling = values.filter((_, i) => i % 256 >= 96)
      const deviation = Math.sqrt(filling.reduce((sum, value) => sum + value * value, 0) / filling.length)
      expect(deviation, name).toBeGreaterThan(0.018)
      expect(deviation, name).toBeLessThan(0.022)
    }
  })

  it('is the same for the same seed, and another for another', async () => {
    const hashes: string[] = []
    for (const seed of [1, 1, 2]) {
      await run({ seed, destination: `${destination}.${hashes.length}` })
      hashes.push(await hashOf(`${destination}.${hashes.length}`))
    }
    expect(hashes[1]).toBe(hashes[0])
    expect(hashes[2]).not.toBe(hashes[0])
  })

  it('is made once', async () => {
    expect(await run()).toMatchObject({ reused: false })
    const { mtimeMs } = await stat(destination)
    expect(await run()).toMatchObject({ reused: true, path: destination, exact: true })
    expect((await stat(destination)).mtimeMs).toBe(mtimeMs)
  })

  it('is made again when anything about it changes, or it is damaged', async () => {
    await run()
    for (const change of [
      { seed: 1 },
      { type: 'Q8_0' },
      { shape: { ...wide, layers: 5 } },
      { source: await tiny(demoLike, 'F32') },
    ] as const) {
      expect(await run(change)).toMatchObject({ reused: false })
    }
    expect(await run()).toMatchObject({ reused: false })
    await truncate(destination, 10_000)
    expect(await run()).toMatchObject({ reused: false })
    await writeFile(destination, 'something else')
    expect(await run()).toMatchObject({ reused: false })
    expect(await run()).toMatchObject({ reused: true })
  })

  it('tells how far it is', async () => {
    const steps: InflateProgress[] = []
    const { bytes } = await run({ onProgress: (progress) => steps.push(progress) })
    expect(steps.length).toBeGreaterThan(10)
    expect(steps.every((step, i) => i === 0 || step.bytesWritten >= steps[i - 1]!.bytesWritten)).toBe(true)
    expect(steps.at(-1)).toEqual({ bytesWritten: bytes, bytesTotal: bytes, exact: true })
  })
})

describe('inflate leaves nothing half done', () => {
  it('when it is aborted', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    await run()
    const before = await hashOf(destination)
    const onProgress = ({ bytesWritten }: InflateProgress): void => {
      if (bytesWritten > 200_000) controller.abort(reason)
    }
    await expect(run({ seed: 9, signal: controller.signal, onProgress })).rejects.toBe(reason)
    await expect(run({ seed: 9, signal: controller.signal })).rejects.toBe(reason)
    expect(await readdir(join(destination, '..'))).toEqual(['model.gguf'])
    expect(await hashOf(destination)).toBe(before)
  })

  it('when a callback throws', async () => {
    const onProgress = (): never => {
      throw new Error('from outside')
    }
    await expect(run({ onProgress })).rejects.toThrow('from outside')
    expect(await readdir(join(destination, '..'))).toEqual([])
  })

  it('and removes what a killed process left, not what another is writing', async () => {
    const folder = join(destination, '..')
    await mkdir(folder)
    const [old, fresh] = [`${destination}.aaaaaaaaaaaa.partial`, `${destination}.bbbbbbbbbbbb.partial`]
    await writeFile(old, '')
    await writeFile(fresh, '')
    await utimes(old, new Date(0), new Date(0))
    await run()
    expect((await readdir(folder)).sort()).toEqual(['model.gguf', 'model.gguf.bbbbbbbbbbbb.partial'])
  })

  it('and two at a time do not disturb each other', async () => {
    const both = await Promise.all([run(), run()])
    expect(both.map(({ path }) => path)).toEqual([destination, destination])
    expect(await difference(source, destination)).toBeLessThan(2e-6)
  })
})

describe('inflate refuses', () => {
  it.each([
    [{ shape: { ...wide, hidden: 64 } }, "invalid-argument: The shape's hidden is 64, and the model's is 96"],
    [{ shape: { ...wide, layers: 1 } }, "invalid-argument: The shape's layers is 1, and the model's is 2"],
    [{ shape: { ...wide, feedForward: 32 } }, "invalid-argument: The shape's feedForward is 32"],
    [
      { shape: { ...wide, kvHeads: 6 } },
      'invalid-argument: The shape has 12 heads for 6 KV heads, and the model 3 for 1',
    ],
    [{ shape: { ...wide, kvHeads: 5 } }, 'invalid-argument: 12 heads cannot share 5 KV heads'],
    [
      { shape: { ...wide, hidden: 100 }, type: 'Q8_0' },
      "invalid-argument: The shape's hidden is 100: Q8_0 needs a multiple",
    ],
    [{ shape: { ...wide, layers: 1.5 } }, "invalid-argument: The shape's layers is 1.5"],
    [{ shape: '2b' as '1.1b' }, 'invalid-argument: There is no shape 2b: use 350m, 1.1b, 7b, 34b'],
    [{ type: 'Q4_K' as 'Q4_0' }, 'invalid-argument: Cannot write Q4_K: use F32, F16, Q8_0, Q4_0'],
    [{ seed: -1 }, 'invalid-argument: The seed is -1'],
    [{ source: 'no such file' }, 'model-file: Cannot use no such file'],
  ] as const)('%j', async (options, message) => {
    expect(await failure(options as Partial<InflateOptions>)).toContain(message)
  })

  it('to replace its source', async () => {
    expect(await failure({ destination: source })).toContain('are the same file')
  })

  it('to fill the disk, with figures', async () => {
    const huge = { hidden: 1 << 17, layers: 512, feedForward: 1 << 20, heads: 2048, kvHeads: 128 }
    const message = await failure({ shape: huge })
    expect(message).toMatch(
      /^out-of-memory: No room on the disk for .*: \d{6}\.\d\d GB are needed and \d+\.\d\d GB are free/,
    )
    expect(await readdir(join(destination, '..'))).toEqual([])
  })

  it('models that it does not know', async () => {
    const bytes = await readFile(source)
    const patched = async (from: string, to: string): Promise<string> => {
      const path = join(directory, `patched-${count++}.gguf`)
      await writeFile(path, Buffer.from(bytes.toString('latin1').replace(from, to), 'latin1'))
      return path
    }
    expect(await failure({ source: await patched('llama', 'mamba') })).toContain('its architecture is mamba')
    expect(await failure({ source: await patched('blk.1.ffn_up', 'blk.1.ffn_UP') })).toContain(
      'it has the tensor blk.1.ffn_UP',
    )
    expect(await failure({ source: await patched('llama.block_count', 'llama.block_COUNT') })).toContain(
      'block_count is missing',
    )
  })
})

describe('estimateSize', () => {
  it('is what the names of the shapes say', () => {
    const gigaWeights = Object.keys(shapes).map((name) => estimateSize(name as keyof typeof shapes, 'F16') / 2e9)
    expect(gigaWeights.map((weights) => Number(weights.toPrecision(2)))).toEqual([0.35, 1.1, 7, 34])
  })

  it('refuses unknown shapes and types', () => {
    expect(() => estimateSize('3b' as '7b', 'F16')).toThrow('no shape 3b')
    expect(() => estimateSize('7b', 'BF16' as 'F16')).toThrow('Cannot write BF16')
  })
})
