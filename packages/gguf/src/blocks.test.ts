import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { decode } from './decode.js'
import { encode } from './encode.js'
import { byteLength, formats, type TensorType, type WritableType } from './tensor-types.js'

const types = ['F32', 'F16', 'Q8_0', 'Q4_0'] as const satisfies WritableType[]

/** Values of many magnitudes and both signs, with some blocks of zeros; all exact in single precision. */
function samples(): Float32Array {
  return Float32Array.from({ length: 32 * 1024 }, (_, i) => {
    const block = Math.floor(i / 32)
    return block % 97 === 0 ? 0 : (((i * 7919) % 20011) - 10005) / 2 ** (10 + (block % 12))
  })
}

function encoded(type: WritableType, values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(byteLength(type, values.length))
  encode(type, values, bytes)
  return bytes
}

function decoded(type: TensorType, bytes: Uint8Array, first: number, count: number): number[] {
  const values = new Float32Array(count)
  decode(type, bytes, first, values)
  return [...values]
}

describe('encode', () => {
  // SHA-256 of what ggml_quantize_chunk of ggml's v0.5.0 writes for the same values.
  it.each([
    ['F16', 'b63d9b83f07ae6517deb6d44d05cd731b00278b41d3fd071f8ca9f270d0a078b'],
    ['Q8_0', '8e08416df2e3419a4fe300272d2a466bead7f8fd001aad098dcce39ae43d9bf8'],
    ['Q4_0', 'cad25940edcca2a9363c72bf5c7917b686adc16a9eebf1d6c9ce0fd3f294d2b0'],
  ] as const)('writes %s bit for bit as ggml does', (type, hash) => {
    const bytes = encoded(type, samples())
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(hash)
  })

  it('gives the value farthest from zero the -8 of Q4_0, whatever its sign', () => {
    const values = new Float32Array(32)
    values.set([4, -1, 0.5])
    // The scale is 4 / -8 = -0.5 (0xb800), so 4 becomes -8 (0), -1 becomes 2 (10), 0.5 becomes -1 (7).
    expect([...encoded('Q4_0', values).subarray(0, 5)]).toEqual([0x00, 0xb8, 0x80, 0x8a, 0x87])
    expect(decoded('Q4_0', encoded('Q4_0', values), 0, 3)).toEqual([4, -1, 0.5])
  })

  it('rounds halves away from zero in Q8_0', () => {
    const values = new Float32Array(32)
    values.set([127, 2.5, -2.5, 0.49, -0.5])
    expect(decoded('Q8_0', encoded('Q8_0', values), 0, 5)).toEqual([127, 3, -3, 0, -1])
  })
})

/** Blocks of pseudo-random bytes, whose half-precision scales (at `halves`) are neither huge nor NaN. */
function blocks(type: TensorType, count: number, halves: readonly number[]): Uint8Array {
  const size = formats[type].bytes
  let seed = 1
  const bytes = Uint8Array.from({ length: size * count }, () => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
    return seed >>> 16
  })
  for (let at = 0; at < bytes.length; at += size) for (const half of halves) bytes[at + half + 1]! &= 0xbf
  return bytes
}

describe('decode', () => {
  // SHA-256 of what the dequantize_row functions of ggml's v0.5.0 give for the same blocks, as bytes of floats.
  it.each([
    ['F16', 4096, [0], '804973d58a613035ab8a53f0a852aab5014b81e35eede45d1b56a75e05955451'],
    ['BF16', 4096, [], 'a864f509ca52fa0153311b68e39b6c2227688c2c479ff2e7fdd408dc1af9c52a'],
    ['Q8_0', 64, [0], 'e381d26a023e604074256291f9c16135f7bb50b588dec9997fb6cfc3ee323ddd'],
    ['Q4_0', 64, [0], 'f6f6813ccbed9e4967c17669c1bdef996839b59536eb1b60e38e3af465fc5415'],
    ['Q4_K', 64, [0, 2], '7603c728a431da1ae033716618ce7f2df5cf35f1d387464746e7341a9c6e06c4'],
    ['Q6_K', 64, [208], '848ee6a263debb078db8b940e9ab2218e02eacb9ec6359913c99a0fd185ea8cf'],
  ] as const)('reads %s bit for bit as ggml does', (type, count, halves, hash) => {
    const values = new Float32Array(count * formats[type].block)
    decode(type, blocks(type, count, halves), 0, values)
    expect(createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex')).toBe(hash)
  })

  it.each([
    ['F32', 0],
    ['F16', 2 ** -11],
    ['Q8_0', 1 / 225],
    ['Q4_0', 1 / 7.9],
  ] as const)('%s is as close to the values as its steps allow', (type, step) => {
    const values = samples()
    const found = decoded(type, encoded(type, values), 0, values.length)
    // Errors as parts of the largest value in the block, beyond what the smallest halves cannot resolve.
    const errors = found.map((value, i) => {
      const block = values.subarray(i - (i % 32), i - (i % 32) + 32)
      const largest = block.reduce((max, other) => Math.max(max, Math.abs(other)), 0)
      return Math.max(0, Math.abs(value - values[i]!) - 1e-5) / (largest || 1)
    })
    expect(errors.reduce((max, error) => Math.max(max, error))).toBeLessThanOrEqual(step)
  })

  it.each(types)('%s can start and end inside a block', (type) => {
    const bytes = encoded(type, samples())
    expect(decoded(type, bytes, 45, 70)).toEqual(decoded(type, bytes, 0, 200).slice(45, 115))
  })
})
