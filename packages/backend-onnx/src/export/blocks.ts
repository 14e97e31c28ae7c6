import { byteLength, decode } from '@foretoken/gguf'

/** Weights in blocks of 32 as ONNX Runtime's operators for them read it: numbers without sign, and a scale for each block. */
export interface Blocks {
  readonly bits: 4 | 8
  readonly numbers: Uint8Array
  readonly scales: Float32Array
}

/**
 * Blocks of Q4_0 or Q8_0 as ONNX Runtime wants them, value for value. Without zero points it takes 8, or 128, off each
 * number: Q4_0 has them like that, Q8_0 has signed ones.
 */
export function toBlocks(type: 'Q4_0' | 'Q8_0', bytes: Uint8Array): Blocks {
  const blockBytes = byteLength(type, 32)
  const count = bytes.length / blockBytes
  const bits = type === 'Q4_0' ? 4 : 8
  const numbers = new Uint8Array(count * 4 * bits)
  const halves = new Uint8Array(count * 2)
  for (let block = 0, at = 0, to = 0; block < count; block++, at += blockBytes, to += 4 * bits) {
    halves.set(bytes.subarray(at, at + 2), 2 * block)
    if (bits === 8) for (let i = 0; i < 32; i++) numbers[to + i] = bytes[at + 2 + i]! ^ 0x80
    // A byte has a value of the first half of the block, and one of the second; there, it has two neighbours.
    else {
      for (let i = 0; i < 16; i++) {
        const shift = i < 8 ? 0 : 4
        const from = at + 2 + 2 * (i % 8)
        numbers[to + i] = ((bytes[from]! >>> shift) & 15) | (((bytes[from + 1]! >>> shift) & 15) << 4)
      }
    }
  }
  const scales = new Float32Array(count)
  decode('F16', halves, 0, scales)
  return { bits, numbers, scales }
}
