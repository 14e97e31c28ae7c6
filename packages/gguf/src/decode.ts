import { fromHalf } from './half.js'
import { formats, type TensorType } from './tensor-types.js'

// Every step is rounded to single precision, as ggml's reference does it: the bits must come out the same.
const { fround } = Math

/** Reads whole blocks: those from byte `at` on, until `values` is full. */
type Decoder = (bytes: Uint8Array, at: number, values: Float32Array) => void

function half(bytes: Uint8Array, at: number): number {
  return fromHalf(bytes[at]! | (bytes[at + 1]! << 8))
}

function signed(byte: number): number {
  return (byte << 24) >> 24
}

const decoders: Record<TensorType, Decoder> = {
  F32(bytes, at, values) {
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength).set(bytes.subarray(at, at + 4 * values.length))
  },

  F16(bytes, at, values) {
    for (let i = 0; i < values.length; i++) values[i] = half(bytes, at + 2 * i)
  },

  BF16(bytes, at, values) {
    const words = new Uint32Array(values.buffer, values.byteOffset, values.length)
    for (let i = 0; i < words.length; i++) words[i] = ((bytes[at + 2 * i]! | (bytes[at + 2 * i + 1]! << 8)) << 16) >>> 0
  },

  Q8_0(bytes, at, values) {
    for (let first = 0; first < values.length; first += 32, at += 34) {
      const scale = half(bytes, at)
      for (let i = 0; i < 32; i++) values[first + i] = scale * signed(bytes[at + 2 + i]!)
    }
  },

  Q4_0(bytes, at, values) {
    for (let first = 0; first < values.length; first += 32, at += 18) {
      const scale = half(bytes, at)
      for (let i = 0; i < 16; i++) {
        const pair = bytes[at + 2 + i]!
        values[first + i] = scale * ((pair & 15) - 8)
        values[first + 16 + i] = scale * ((pair >>> 4) - 8)
      }
    }
  },

  Q4_K(bytes, at, values) {
    for (let first = 0; first < values.length; first += 256, at += 144) {
      const [scales, minima] = [half(bytes, at), half(bytes, at + 2)]
      for (let group = 0; group < 8; group++) {
        const scale = fround(scales * sixBits(bytes, at + 4, 0, group))
        const minimum = fround(minima * sixBits(bytes, at + 4, 1, group))
        const nibbles = at + 16 + 32 * (group >>> 1)
        const shift = group & 1 ? 4 : 0
        for (let i = 0; i < 32; i++) {
          values[first + 32 * group + i] = fround(scale * ((bytes[nibbles + i]! >>> shift) & 15)) - minimum
        }
      }
    }
  },

  Q6_K(bytes, at, values) {
    for (let first = 0; first < values.length; first += 256, at += 210) {
      const scale = half(bytes, at + 208)
      for (let i = 0; i < 256; i++) {
        // Two halves of 128. In each, four runs of 32: the first two in the low nibbles of 64 bytes, then the high ones.
        const [part, run, place] = [i >>> 7, (i >>> 5) & 3, i & 31]
        const low = (bytes[at + 64 * part + 32 * (run & 1) + place]! >>> (run & 2 ? 4 : 0)) & 15
        const high = (bytes[at + 128 + 32 * part + place]! >>> (2 * run)) & 3
        const group = fround(scale * signed(bytes[at + 192 + (i >>> 4)]!))
        values[first + i] = group * ((low | (high << 4)) - 32)
      }
    }
  },
}

/**
 * The scale (kind 0) or minimum (kind 1) of one of a Q4_K block's eight groups, of six bits. Those of the first four groups
 * are the low bits of a byte each. Of the others, the low four bits share the last four bytes, scales below and minima
 * above, and the high two lie above the six of the first four.
 */
function sixBits(bytes: Uint8Array, at: number, kind: 0 | 1, group: number): number {
  const first = at + 4 * kind
  if (group < 4) return bytes[first + group]! & 63
  return ((bytes[at + 4 + group]! >>> (4 * kind)) & 15) | ((bytes[first + group - 4]! >>> 6) << 4)
}

/**
 * Reads `values.length` elements of `bytes`, from element `first` on, which may lie inside a block. Bit for bit what ggml
 * reads.
 */
export function decode(type: TensorType, bytes: Uint8Array, first: number, values: Float32Array): void {
  const { block, bytes: blockBytes } = formats[type]
  const inside = first % block
  const at = ((first - inside) / block) * blockBytes
  if (inside === 0 && values.length % block === 0) return decoders[type](bytes, at, values)
  const whole = new Float32Array(Math.ceil((inside + values.length) / block) * block)
  decoders[type](bytes, at, whole)
  values.set(whole.subarray(inside, inside + values.length))
}
