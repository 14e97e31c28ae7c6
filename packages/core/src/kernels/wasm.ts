import { binary } from './binary.js'
import type { Kernels } from './index.js'
import { softmaxOfInfinity, toFactor } from './typescript.js'

/** What kernels.wat exports. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  max(end: number): number
  find(value: number): number
  exp(end: number, max: number, factor: number): void
  sum(): number
  atLeast(end: number, floor: number, base: number): number
}

/** As much of WebAssembly's interface as is used here: neither ECMAScript's types nor all of Node's have it. */
interface Engine {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: object }
}

/**
 * How many values are in the WebAssembly memory at a time, a multiple of four. Rows live elsewhere (in the memory of the
 * runtime that computed them) and go through in blocks, so that copies stay in the processor's nearest caches.
 */
const BLOCK = 4096

/**
 * The kernels on 128-bit vectors, or undefined where WebAssembly or its vectors are missing or forbidden (a content
 * security policy can do that).
 */
export function createWasmKernels(): Kernels | undefined {
  let exports: Exports
  try {
    const { Instance, Module } = (globalThis as unknown as { WebAssembly: Engine }).WebAssembly
    exports = new Instance(new Module(binary)).exports as Exports
  } catch {
    return undefined
  }
  const block = new Float32Array(exports.memory.buffer, 0, BLOCK)
  const found = new Int32Array(exports.memory.buffer, 4 * BLOCK, BLOCK)

  /** Copies the block at `start`, filled up to whole vectors with what counts for nothing. Returns its end in bytes. */
  function load(row: Float32Array, start: number): number {
    const length = Math.min(row.length - start, BLOCK)
    block.set(row.subarray(start, start + length))
    const end = (length + 3) & ~3
    if (end > length) block.fill(-Infinity, length, end)
    return end * 4
  }

  /** The largest value and the block in which it comes first. */
  function maximum(row: Float32Array): { max: number; start: number } {
    let max = -Infinity
    let start = 0
    for (let i = 0; i < row.length; i += BLOCK) {
      const largest = exports.max(load(row, i))
      if (largest > max) {
        max = largest
        start = i
      }
    }
    return { max, start }
  }

  return {
    name: 'wasm-simd',

    argmax(row) {
      const { max, start } = maximum(row)
      if (max === -Infinity) return 0
      load(row, start)
      return start + exports.find(max)
    },

    softmax(row, scale, weights) {
      const { max } = maximum(row)
      if (max === Infinity) return softmaxOfInfinity(row, weights)
      const factor = toFactor(scale)
      for (let i = 0; i < row.length; i += BLOCK) {
        exports.exp(load(row, i), max, factor)
        const length = Math.min(row.length - i, BLOCK)
        weights.set(length === BLOCK ? block : block.subarray(0, length), i)
      }
      return exports.sum()
    },

    atLeast(weights, floor) {
      const least = roundedUp(floor)
      let indices: Int32Array = new Int32Array(Math.min(weights.length, 1024))
      let count = 0
      for (let i = 0; i < weights.length; i += BLOCK) {
        const more = (exports.atLeast(load(weights, i), least, i) - 4 * BLOCK) / 4
        if (more === 0) continue
        if (count + more > indices.length) {
          const longer = new Int32Array(Math.min(weights.length, Math.max(count + more, 4 * indices.length)))
          longer.set(indices)
          indices = longer
        }
        indices.set(found.subarray(0, more), count)
        count += more
      }
      return indices.slice(0, count)
    },
  }
}

/** The smallest 32-bit float that is not below `value`, which is positive: a comparison with it decides alike. */
function roundedUp(value: number): number {
  const near = Math.fround(value)
  if (near >= value) return near
  const bits = new Uint32Array(Float32Array.of(near).buffer)
  bits[0]! += 1
  return new Float32Array(bits.buffer)[0]!
}
