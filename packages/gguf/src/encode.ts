import { toHalf } from './half.js'
import type { WritableType } from './tensor-types.js'

// Every step is rounded to single precision, as ggml's reference quantisers do it: the bits must come out the same.
const { fround } = Math

type Encoder = (values: Float32Array, bytes: Uint8Array) => void

function putHalf(bytes: Uint8Array, at: number, half: number): void {
  bytes[at] = half & 0xff
  bytes[at + 1] = half >>> 8
}

/** C's `roundf`: halves go away from zero, where `Math.round` takes them up. */
function roundAway(value: number): number {
  return value < 0 ? -Math.floor(-value + 0.5) : Math.floor(value + 0.5)
}

const encoders: Record<WritableType, Encoder> = {
  F32(values, bytes) {
    new Uint8Array(bytes.buffer, bytes.byteOffset, values.byteLength).set(
      new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    )
  },

  F16(values, bytes) {
    for (let i = 0; i < values.length; i++) putHalf(bytes, 2 * i, toHalf(values[i]!))
  },

  Q8_0(values, bytes) {
    for (let first = 0, at = 0; first < values.length; first += 32, at += 34) {
      let largest = 0
      for (let i = 0; i < 32; i++) largest = Math.max(largest, Math.abs(values[first + i]!))
      const scale = fround(largest / 127)
      const inverse = scale === 0 ? 0 : fround(1 / scale)
      putHalf(bytes, at, toHalf(scale))
      for (let i = 0; i < 32; i++) bytes[at + 2 + i] = roundAway(fround(values[first + i]! * inverse))
    }
  },

  Q4_0(values, bytes) {
    for (let first = 0, at = 0; first < values.length; first += 32, at += 18) {
      // The value that is farthest from zero, with its sign, becomes -8: the one end of the range that is there.
      let farthest = 0
      for (let i = 0; i < 32; i++) {
        if (Math.abs(values[first + i]!) > Math.abs(farthest)) farthest = values[first + i]!
      }
      const scale = fround(farthest / -8)
      const inverse = scale === 0 ? 0 : fround(1 / scale)
      putHalf(bytes, at, toHalf(scale))
      for (let i = 0; i < 16; i++) {
        bytes[at + 2 + i] = nibble(values[first + i]!, inverse) | (nibble(values[first + 16 + i]!, inverse) << 4)
      }
    }
  },
}

function nibble(value: number, inverse: number): number {
  return Math.min(15, Math.trunc(fround(fround(value * inverse) + 8.5)))
}

/**
 * Writes `values` to the start of `bytes` as `type`. Bit for bit what ggml's `ggml_quantize_chunk` writes (without an
 * importance matrix). `values` must be whole blocks.
 */
export function encode(type: WritableType, values: Float32Array, bytes: Uint8Array): void {
  encoders[type](values, bytes)
}
