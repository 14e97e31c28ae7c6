import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { kernels } from './index.js'
import { exp, typescriptKernels } from './typescript.js'
import { createWasmKernels } from './wasm.js'

const wasmKernels = createWasmKernels()!
const paths = [typescriptKernels, wasmKernels]

/** The weights and the sum of both paths, after a check that they agree in every bit. */
function softmax(row: ArrayLike<number>, scale = 1): { weights: Float32Array; sum: number } {
  const logits = Float32Array.from(row)
  const [expected, actual] = paths.map((path) => {
    const weights = new Float32Array(logits.length).fill(-1)
    return { weights, sum: path.softmax(logits, scale, weights) }
  }) as [{ weights: Float32Array; sum: number }, { weights: Float32Array; sum: number }]
  expect(actual.sum).toBe(expected.sum)
  expect(Buffer.compare(bytes(actual.weights), bytes(expected.weights))).toBe(0)
  expect(logits).toEqual(Float32Array.from(row))
  return expected
}

function bytes(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

function argmax(row: ArrayLike<number>): number {
  const [expected, actual] = paths.map((path) => path.argmax(Float32Array.from(row)))
  expect(actual).toBe(expected)
  return expected!
}

/** Deterministic, in [0, 1). */
function noise(length: number, seed: number): Float32Array {
  let state = seed
  return Float32Array.from({ length }, () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32)
}

const bits = fc
  .integer({ min: 0, max: 0xffffffff })
  .map((pattern) => new Float32Array(Uint32Array.of(pattern).buffer)[0]!)
/** Every kind of 32-bit float: any bit pattern, logits as models give them, and what lies at the edges. */
const values = fc.oneof(
  bits,
  fc.float({ min: -40, max: 40, noNaN: true }),
  fc.constantFrom(NaN, Infinity, -Infinity, 0, -0, 3.4028234663852886e38, -3.4028234663852886e38, 1e-45, -87, -88, 87),
)
const scales = fc.oneof(
  fc.constantFrom(1, 1 / 0.7, 0.01, 1e-45, 1e45, 3.5e38),
  fc.double({ min: 0.01, max: 100, noNaN: true }),
)
const lengths = [0, 1, 2, 3, 4, 5, 15, 16, 17, 31, 63, 65, 4095, 4096, 4097, 8191, 8193, 12289, 152064]

describe('both paths', () => {
  it('find what is at least a floor (property)', () => {
    const weight = fc.oneof(fc.constantFrom(0, 1e-45, 0.5, 1, Infinity), fc.float({ min: 0, noNaN: true }))
    const floor = fc
      .oneof(weight, fc.double({ min: 1e-300, max: 1e38, noNaN: true }))
      .filter((x) => x > 0 && x < Infinity)
    fc.assert(
      fc.property(fc.array(weight, { maxLength: 150 }), floor, (list, least) => {
        const weights = Float32Array.from(list)
        const wanted = [...weights.keys()].filter((i) => weights[i]! >= least)
        for (const path of paths) expect([...path.atLeast(weights, least)]).toEqual(wanted)
      }),
      { numRuns: 500 },
    )
    for (const length of lengths) {
      const weights = noise(length, 3)
      for (const least of [1e-3, 0.5, 0.999, 2]) {
        const [expected, actual] = paths.map((path) => path.atLeast(weights, least))
        expect(actual).toEqual(expected)
      }
    }
  })

  it('agree on any rows', () => {
    fc.assert(
      fc.property(fc.array(values, { maxLength: 70 }), scales, (row, scale) => {
        argmax(row)
        softmax(row, scale)
      }),
      { numRuns: 2000 },
    )
  })

  it.each(lengths)('agree on %i values', (length) => {
    const row = noise(length, length + 1).map((x) => 30 * x - 15)
    expect(argmax(row)).toBe(length === 0 ? 0 : row.indexOf(Math.max(...chunkMaxima(row))))
    softmax(row, 1.25)
  })

  it('agree where the exponential ends', () => {
    const pattern = new Uint32Array(Float32Array.of(-87).buffer)[0]!
    const around = Uint32Array.from({ length: 2000 }, (_, i) => pattern - 1000 + i)
    const { weights } = softmax([0, ...new Float32Array(around.buffer)])
    expect(weights[1001]).toBeCloseTo(Math.exp(-87), 44)
    expect(weights[1001]).toBeGreaterThan(0)
    expect(weights[1002]).toBe(0)
  })

  it('keep nothing of an earlier, longer row', () => {
    softmax(new Float32Array(9000).fill(50))
    expect(softmax([-5]).sum).toBe(1)
    expect(argmax([-5])).toBe(0)
  })

  it('read and write parts of larger arrays, and a row in place', () => {
    for (const path of paths) {
      const memory = noise(9020, 3)
      const row = memory.subarray(7, 9010)
      const expected = new Float32Array(row.length)
      const sum = path.softmax(row, 3, expected)
      const outer = new Float32Array(9020).fill(7)
      expect(path.softmax(row, 3, outer.subarray(5, 9008))).toBe(sum)
      expect(outer.subarray(5, 9008)).toEqual(expected)
      expect([outer[4], outer[9008]]).toEqual([7, 7])
      expect(path.softmax(row, 3, row)).toBe(sum)
      expect(row).toEqual(expected)
    }
  })
})

function chunkMaxima(row: Float32Array): number[] {
  return Array.from({ length: Math.ceil(row.length / 1000) }, (_, i) =>
    Math.max(...row.subarray(i * 1000, i * 1000 + 1000)),
  )
}

describe('argmax', () => {
  it('takes the first of equals, wherever they lie', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(12287), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 3 }),
        (places, cut) => {
          const row = new Float32Array(12288 - cut).fill(-3)
          for (const place of places) row[place % row.length] = 2
          expect(argmax(row)).toBe(row.indexOf(2))
        },
      ),
    )
  })

  it('never takes NaN while there is something else', () => {
    expect(argmax([NaN, -1e30, NaN, 5, 5])).toBe(3)
    expect(argmax([NaN, -3.4028234663852886e38])).toBe(1)
    expect(argmax([...Array<number>(5000).fill(NaN), 1])).toBe(5000)
  })

  it('is 0 when there is nothing to take', () => {
    for (const row of [[], [NaN, NaN], [-Infinity, -Infinity], [NaN, -Infinity, NaN]]) expect(argmax(row)).toBe(0)
  })

  it('treats both zeros as equal, and takes the first +Infinity', () => {
    expect(argmax([-1, -0, 0])).toBe(1)
    expect(argmax([-1, 0, -0])).toBe(1)
    expect(argmax([3e38, Infinity, Infinity])).toBe(1)
  })
})

describe('softmax', () => {
  it('is the exponential within 2e-7, and the sum is that of the weights', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ min: -60, max: 20, noNaN: true }), { minLength: 1 }), (row) => {
        const { weights, sum } = softmax(row)
        const max = Math.max(...row)
        for (const [i, weight] of weights.entries()) {
          const x = Math.fround(row[i]! - max)
          expect(Math.abs(weight / Math.exp(x) - 1)).toBeLessThan(2e-7)
        }
        const plain = weights.reduce((a, b) => a + b, 0)
        expect(Math.abs(sum / plain - 1)).toBeLessThan(1e-14)
      }),
    )
  })

  it('scales after the largest value was subtracted, so that large logits do no harm', () => {
    const { weights } = softmax([1000, 999, 998], 2)
    expect(weights[0]).toBe(1)
    expect(weights[1]).toBeCloseTo(Math.exp(-2), 7)
    expect(weights[2]).toBeCloseTo(Math.exp(-4), 7)
  })

  it('gives NaN and -Infinity no weight', () => {
    expect(softmax([NaN, 4, -Infinity, 4])).toEqual({ weights: Float32Array.of(0, 1, 0, 1), sum: 2 })
    for (const row of [[], [NaN], [-Infinity, NaN, -Infinity]]) expect(softmax(row).sum).toBe(0)
  })

  it('gives +Infinity everything', () => {
    expect(softmax([3e38, Infinity, NaN, Infinity, 0])).toEqual({ weights: Float32Array.of(0, 1, 0, 1, 0), sum: 2 })
  })

  it('becomes argmax as the temperature falls, whatever its inverse overflows to', () => {
    for (const scale of [1e30, 1e300, Infinity]) {
      expect(softmax([1, 3, 2], scale)).toEqual({ weights: Float32Array.of(0, 1, 0), sum: 1 })
    }
  })
})

describe('exp', () => {
  it('has a relative error below 1e-7 from -87 to 0', () => {
    const pattern = new Uint32Array(1)
    const value = new Float32Array(pattern.buffer)
    const patternOf = (x: number): number => new Uint32Array(Float32Array.of(x).buffer)[0]!
    let worst = 0
    for (pattern[0] = patternOf(-(2 ** -30)); value[0]! >= -87; pattern[0]! += 997) {
      worst = Math.max(worst, Math.abs(exp(value[0]!) / Math.exp(value[0]!) - 1))
    }
    expect(worst).toBeLessThan(1e-7)
    expect(exp(0)).toBe(1)
  })

  it("never grows as its argument falls by a logit's rounding or more", () => {
    fc.assert(
      fc.property(fc.float({ min: -87, max: 0, noNaN: true }), (x) => {
        expect(exp(Math.fround(x - 1e-6 * (1 - x)))).toBeLessThanOrEqual(exp(x))
      }),
    )
  })
})

describe('the binary', () => {
  it('is what kernels.wat assembles to', async () => {
    // By a name that is not a literal: the script has no types.
    const script = new URL('../../scripts/build-kernels.mjs', import.meta.url).href
    const { buildKernels } = (await import(script)) as { buildKernels: () => Promise<string> }
    expect(readFileSync(new URL('binary.ts', import.meta.url), 'utf8')).toBe(await buildKernels())
  })

  it('is what runs here, and can be done without', () => {
    expect(kernels.name).toBe('wasm-simd')
    const { WebAssembly } = globalThis as unknown as { WebAssembly: object }
    try {
      Reflect.deleteProperty(globalThis, 'WebAssembly')
      expect(createWasmKernels()).toBeUndefined()
    } finally {
      Object.defineProperty(globalThis, 'WebAssembly', { value: WebAssembly, configurable: true, writable: true })
    }
  })
})
