import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LanguageModel } from '@foretoken/core'
import { inflate } from '@foretoken/demo-models'
import koffi from 'koffi'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { draftPath, targetPath } from '../test-models.js'
import { builtKernels } from './place.js'

const full = process.env.FORETOKEN_FULL === '1'
const built = builtKernels('v0.5.0')

// Building takes a minute: done in full runs, else these run where `foretoken kernels` has.
describe.runIf(process.platform === 'linux' && (full || built !== undefined))('kernels of our own', () => {
  let folder: string
  let library: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'foretoken-narrow-test-'))
    // Models start on the prebuilt kernels.
    vi.stubEnv('XDG_CACHE_HOME', folder)
    const { openRuntime } = await import('../runtime.js')
    const { buildCpuKernels } = await import('./build.js')
    const runtime = await openRuntime(false)
    await prebuiltRows()
    if (built !== undefined) runtime.useKernels(built)
    library = built ?? (await buildCpuKernels())!
  }, 600_000)
  afterAll(async () => {
    vi.unstubAllEnvs()
    await rm(folder, { recursive: true })
  })

  let tinyF32: string
  let tinyQ8: string
  const wanted = new Map<string, Float32Array[]>()
  async function prebuiltRows(): Promise<void> {
    tinyF32 = join(folder, 'tiny-f32.gguf')
    const shape = { hidden: 512, layers: 10, feedForward: 1032, heads: 8, kvHeads: 2 }
    await inflate({ source: targetPath, destination: tinyF32, shape, type: 'F32' })
    tinyQ8 = join(folder, 'tiny-q8.gguf')
    // Rows of 13 blocks, and 104 rows of keys.
    const odd = { hidden: 416, layers: 10, feedForward: 1056, heads: 8, kvHeads: 2 }
    await inflate({ source: targetPath, destination: tinyQ8, shape: odd, type: 'Q8_0' })
    for (const path of [targetPath, tinyF32, draftPath, tinyQ8]) {
      wanted.set(path, await withModel(path, (model) => rowsAlong(model, [100], [8])))
    }
  }

  const pathOf = (type: string) =>
    type === 'F16' ? targetPath : type === 'F32' ? tinyF32 : type === 'Q4_0' ? draftPath : tinyQ8

  it.each(['F16', 'F32', 'Q4_0', 'Q8_0'])('give the logits of the prebuilt ones, within rounding: %s', async (type) => {
    const path = pathOf(type)
    const seen = await withModel(path, (model) => {
      expect(model.device).toContain('built for this machine')
      return rowsAlong(model, [100], [8])
    })
    const off = difference(seen, wanted.get(path)!)
    // Where activations are rounded to eight bits, small differences, as those of attention, become larger ones.
    expect(off).toBeLessThan(type.startsWith('Q') ? 0.5 : 0.05)
    // Not the same kernels after all, if there were no difference.
    expect(off).toBeGreaterThan(0)
  })

  // Two threads on a machine that is busy wait for each other a lot: they do less.
  it.each([
    ['F16', 1, [[2], [5], [8], [16], [40, 1, 3]]],
    ['F16', 2, [[8, 1, 17]]],
    ['Q4_0', 1, [[2], [5], [8], [16], [40, 1, 3]]],
    ['Q4_0', 2, [[8, 1, 17]]],
    ['Q8_0', 1, [[2], [5], [16, 3]]],
    ['Q8_0', 2, [[8, 1, 17]]],
  ] as const)('give a token the same bits in a pass of any width: %s, %i threads', async (type, threads, all) => {
    await withModel(
      pathOf(type),
      async (model) => {
        // The cache grows past 512 cells, from where llama.cpp's own attention is another for single tokens.
        const alone = await rowsAlong(model, [490], [1])
        for (const widths of all) {
          const rows = await rowsAlong(model, [101, 389], widths)
          rows.forEach((row, i) => expect(row, `passes of ${widths.join(', ')}, row ${i}`).toEqual(alone[i]))
        }
      },
      threads,
    )
  })

  // The text's cells begin behind those of another, and are less than half of all, then more.
  it.each(['F16', 'Q4_0'])('give the same bits where another text shares the cache: %s', async (type) => {
    await withModel(pathOf(type), async (model) => {
      const other = await model.createSequence()
      await other.forward(textOf(320), { outputs: 'none' })
      for (const prompt of [101, 300]) {
        const alone = await rowsAlong(model, [prompt], [1])
        const rows = await rowsAlong(model, [prompt], [5, 16, 2])
        rows.forEach((row, i) => expect(row, `${prompt} tokens before, row ${i}`).toEqual(alone[i]))
      }
    })
  })

  it('give texts that share passes the logits that they get alone, within rounding', async () => {
    const rows = await withModel(targetPath, async (model) => {
      const alone = await rowsAlong(model, [100], [4])
      const together = await Promise.all([1, 2, 3].map(() => rowsAlong(model, [100], [4])))
      return { alone, together }
    })
    for (const each of rows.together) expect(difference(each, rows.alone)).toBeLessThan(0.01)
  })

  describe('a matrix product', () => {
    type Sgemm = (params: Buffer, ...rest: readonly unknown[]) => boolean
    let sgemm: Sgemm
    beforeAll(() => {
      const sizes = ['int64_t', 'int64_t', 'int64_t']
      const matrices = ['void *', 'int64_t', 'void *', 'int64_t', 'void *', 'int64_t']
      const types = ['int', 'int', 'int']
      sgemm = koffi
        .load(library)
        .func('llamafile_sgemm', 'bool', ['void *', ...sizes, ...matrices, ...types]) as unknown as Sgemm
    })

    /** Rows and columns lie further apart than they are long, with NaN between them. */
    function product(type: keyof typeof ggmlTypes, [m, n, k]: readonly [number, number, number], threads = 1) {
      const [lda, ldb, ldc] = [k + 3, k + 5, m + 2]
      const next = random(m + 100 * k)
      const a = new Float32Array(m * lda).fill(NaN)
      const b = new Float32Array(n * ldb).fill(NaN)
      for (let row = 0; row < m; row++) for (let i = 0; i < k; i++) a[row * lda + i] = next()
      for (let column = 0; column < n; column++) for (let i = 0; i < k; i++) b[column * ldb + i] = next() / 3
      const { number, encode } = ggmlTypes[type]
      const c = new Float32Array(n * ldc).fill(NaN)
      // Small products need no thread pool: threads one after another do for threads at a time.
      for (let thread = 0; thread < threads; thread++) {
        const params = Buffer.alloc(64)
        params.writeInt32LE(thread, 0)
        params.writeInt32LE(threads, 4)
        expect(sgemm(params, m, n, k, encode(a), lda, b, ldb, c, ldc, number, 0, 0)).toBe(true)
      }
      return { a, b, c, lda, ldb, ldc }
    }

    it.each(['F16', 'BF16', 'F32'] as const)('of odd sizes is right: %s', (type) => {
      for (const [m, k] of [
        [1, 1],
        [3, 5],
        [12, 33],
        [25, 100],
        [31, 256],
      ] as const) {
        for (let n = 1; n <= 50; n++) {
          const { a, b, c, lda, ldb, ldc } = product(type, [m, n, k])
          for (let column = 0; column < n; column++) {
            for (let row = 0; row < m; row++) {
              let sum = 0
              let size = 0
              for (let i = 0; i < k; i++) {
                const term = a[row * lda + i]! * b[column * ldb + i]!
                sum += term
                size += Math.abs(term)
              }
              const off = Math.abs(c[column * ldc + row]! - sum)
              if (!(off <= 1e-6 * size)) expect.fail(`${m} x ${n} x ${k}: ${off} off at ${row}, ${column}`)
            }
            for (let row = m; row < ldc; row++) expect(c[column * ldc + row]).toBeNaN()
          }
        }
      }
    })

    it('is the same bits whatever the number of columns and of threads', () => {
      const [m, k] = [50, 107]
      const most = product('F16', [m, 50, k])
      for (let n = 1; n < 50; n++) {
        const some = product('F16', [m, n, k], 1 + (n % 5))
        for (let column = 0; column < n; column++) {
          const from = column * some.ldc
          expect(some.c.subarray(from, from + m)).toEqual(most.c.subarray(from, from + m))
        }
      }
    })
  })

  describe('a product with quantized weights', () => {
    type Native = (...rest: readonly unknown[]) => unknown
    let native: Record<'multiplies' | 'size' | 'pack' | 'multiply' | 'round' | 'dot4' | 'dot8', Native> | undefined
    beforeAll(() => {
      const functions = koffi.load(library)
      const dot = 'int, void *, size_t, void *, size_t, void *, size_t, int'
      try {
        native = {
          multiplies: functions.func('bool foretoken_multiplies(int)'),
          size: functions.func('size_t foretoken_packed_size(int, int64_t, int64_t)'),
          pack: functions.func('void foretoken_pack(int, void *, int64_t, int64_t, void *)'),
          multiply: functions.func(
            'void foretoken_multiply(void *, int, int64_t, int64_t, int64_t, void *, void *, int64_t, void *, int64_t)',
          ),
          round: functions.func('void quantize_row_q8_0(void *, void *, int64_t)'),
          dot4: functions.func(`void ggml_vec_dot_q4_0_q8_0(${dot})`),
          dot8: functions.func(`void ggml_vec_dot_q8_0_q8_0(${dot})`),
        }
      } catch {
        // Not on this processor.
      }
    })
    beforeEach((context) => context.skip(native === undefined))

    const types = { Q4_0: { number: 2, bytes: 18 }, Q8_0: { number: 8, bytes: 34 } } as const
    type Type = keyof typeof types

    /** Blocks of random bytes, with scales between 1/64 and 2. */
    function weightsOf(type: Type, rows: number, k: number): Uint8Array {
      const next = random(rows + k)
      const { bytes } = types[type]
      const blocks = Buffer.alloc(((rows * k) / 32) * bytes)
      for (let at = 0; at < blocks.length; at++) blocks[at] = 64 * next() + 128
      for (let at = 0; at < blocks.length; at += bytes) blocks.writeUInt16LE(toHalf(Math.abs(next()) || 1), at)
      return blocks
    }

    /** What the format says that weight `i` of a row is. */
    function weight(type: Type, blocks: Uint8Array, k: number, row: number, i: number): number {
      const at = ((row * k + i - (i % 32)) / 32) * types[type].bytes
      const scale = fromHalf(blocks[at]! | (blocks[at + 1]! << 8))
      if (type === 'Q8_0') return scale * ((blocks[at + 2 + (i % 32)]! << 24) >> 24)
      const byte = blocks[at + 2 + (i % 16)]!
      return scale * ((i % 32 < 16 ? byte & 15 : byte >> 4) - 8)
    }

    function product(
      type: Type,
      [m, n, k]: readonly [number, number, number],
      activation: (column: number, i: number) => number,
      threads = 1,
    ) {
      const { number } = types[type]
      const blocks = weightsOf(type, m, k)
      const packed = new Uint8Array(Number(native!.size(number, m, k)))
      expect(native!.multiplies(number)).toBe(true)
      native!.pack(number, blocks, m, k, packed)
      const [ldb, ldc] = [k + 5, m + 2]
      const b = new Float32Array(n * ldb).fill(NaN)
      for (let column = 0; column < n; column++) {
        for (let i = 0; i < k; i++) b[column * ldb + i] = activation(column, i)
      }
      const c = new Float32Array(n * ldc).fill(NaN)
      for (let thread = 0; thread < threads; thread++) {
        const params = Buffer.alloc(64)
        params.writeInt32LE(thread, 0)
        params.writeInt32LE(threads, 4)
        native!.multiply(params, number, m, n, k, packed, b, ldb, c, ldc)
      }
      return { blocks, b, c, ldb, ldc }
    }

    const sizes = [
      [1, 32],
      [17, 64],
      [48, 96],
      [83, 416],
    ] as const

    it.each(['Q4_0', 'Q8_0'] as const)('is right: %s', (type) => {
      for (const [m, k] of sizes) {
        const values = new Float64Array(m * k)
        for (let n = 1; n <= 30; n++) {
          // Whole numbers times powers of two, 127 among them: rounding leaves these what they are.
          const activation = (column: number, i: number): number =>
            (i % 32 === column % 32 ? -127 : ((i * 29 + column * 53) % 255) - 127) * 2 ** -((column + (i >> 5)) % 7)
          const { blocks, b, c, ldb, ldc } = product(type, [m, n, k], activation, 1 + (n % 3))
          if (n === 1) for (let i = 0; i < m * k; i++) values[i] = weight(type, blocks, k, Math.floor(i / k), i % k)
          for (let column = 0; column < n; column++) {
            for (let row = 0; row < m; row++) {
              let sum = 0
              let size = 0
              for (let i = 0; i < k; i++) {
                const term = values[row * k + i]! * b[column * ldb + i]!
                sum += term
                size += Math.abs(term)
              }
              const off = Math.abs(c[column * ldc + row]! - sum)
              if (!(off <= 1e-6 * size)) expect.fail(`${m} x ${n} x ${k}: ${off} off at ${row}, ${column}`)
            }
            for (let row = m; row < ldc; row++) expect(c[column * ldc + row]).toBeNaN()
          }
        }
      }
    })

    it.each(['Q4_0', 'Q8_0'] as const)("is llama.cpp's, of activations rounded as it does: %s", (type) => {
      const dot = type === 'Q4_0' ? native!.dot4 : native!.dot8
      for (const [m, k] of sizes) {
        const next = random(k)
        const { blocks, b, c, ldb, ldc } = product(type, [m, 17, k], () => next() / 3)
        const rounded = new Uint8Array((k / 32) * 34)
        const rowBytes = blocks.length / m
        for (let column = 0; column < 17; column++) {
          native!.round(b.subarray(column * ldb, column * ldb + k), rounded, k)
          for (let row = 0; row < m; row++) {
            const one = new Float32Array(1)
            dot(k, one, 0, blocks.subarray(row * rowBytes, (row + 1) * rowBytes), 0, rounded, 0, 1)
            // Sums of some hundred terms of up to 20, added in another order.
            expect(Math.abs(c[column * ldc + row]! - one[0]!)).toBeLessThan(type === 'Q4_0' ? 1e-3 : 2e-2)
          }
        }
      }
    })

    it.each(['Q4_0', 'Q8_0'] as const)('is the same bits whatever the number of columns and of threads: %s', (type) => {
      const [m, k] = [50, 416]
      const activation = (column: number, i: number): number => Math.sin(column * 1000 + i)
      const most = product(type, [m, 50, k], activation)
      for (let n = 1; n < 50; n++) {
        const some = product(type, [m, n, k], activation, 1 + (n % 5))
        for (let column = 0; column < n; column++) {
          const from = column * some.ldc
          expect(some.c.subarray(from, from + m)).toEqual(most.c.subarray(from, from + m))
        }
      }
    })

    it('is left to llama.cpp for other types', () => {
      expect(native!.multiplies(12)).toBe(false)
    })
  })
})

const ggmlTypes = {
  F32: { number: 0, encode: (values: Float32Array) => values },
  F16: { number: 1, encode: (values: Float32Array) => Uint16Array.from(values, toHalf) },
  BF16: { number: 30, encode: (values: Float32Array) => new Uint16Array(values.buffer).filter((_, i) => i % 2 === 1) },
}

/** For what `random` gives, and NaN. */
function toHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00
  if (value === 0) return 0
  const exponent = Math.floor(Math.log2(Math.abs(value)))
  const fraction = (Math.abs(value) / 2 ** exponent - 1) * 2 ** 10
  return (value < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | fraction
}

/** For finite values that are not subnormal. */
function fromHalf(bits: number): number {
  return (bits & 0x8000 ? -1 : 1) * (1 + (bits & 0x3ff) / 2 ** 10) * 2 ** (((bits >> 10) & 31) - 15)
}

/** Multiples of 1/64 between -2 and 2, which every type has. (Sums of thirds of them depend on the order.) */
function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return ((state >>> 24) - 128) / 64
  }
}

async function withModel<T>(path: string, use: (model: LanguageModel & { device: string }) => Promise<T>, threads = 2) {
  const { loadModel } = await import('../load.js')
  const model = await loadModel({ path, gpu: false, threads, contextSize: 640, sequences: 4 })
  try {
    return await use(model)
  } finally {
    await model.dispose()
  }
}

/** The rows of 48 tokens after a prompt, which is computed in passes of `prompt`, in passes of `widths` in turn. */
function textOf(length: number): number[] {
  return Array.from({ length }, (_, i) => 5 + ((i * 37) % 400))
}

async function rowsAlong(
  model: LanguageModel,
  prompt: readonly number[],
  widths: readonly number[],
): Promise<Float32Array[]> {
  const tokens = textOf(640)
  const sequence = await model.createSequence()
  const rows: Float32Array[] = []
  let at = 0
  for (const width of prompt) {
    await sequence.forward(tokens.slice(at, at + width), { outputs: 'none' })
    at += width
  }
  for (let pass = 0; rows.length < 48; pass++) {
    const width = Math.min(widths[pass % widths.length]!, 48 - rows.length)
    const result = await sequence.forward(tokens.slice(at, at + width), { outputs: 'all' })
    for (let i = 0; i < width; i++) rows.push(result.row(i).slice())
    at += width
  }
  await sequence.dispose()
  return rows
}

function difference(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  let most = 0
  a.forEach((row, i) => row.forEach((logit, token) => (most = Math.max(most, Math.abs(logit - b[i]![token]!)))))
  return most
}
