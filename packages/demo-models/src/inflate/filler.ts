import { byteLength, encode, formats, type WritableType } from '@foretoken/gguf'
import type { Background } from './placement.js'
import { Random } from './random.js'

/** Elements in a pool of random weights: megabytes, far beyond what compression looks back. */
const poolSize = 1 << 20
/** As large as weights usually are. Products of such numbers stay finite in half precision. */
const standardDeviation = 0.02

/**
 * Fills tensors with what costs its full price. Drawing and quantising billions of numbers would take minutes, so a pool
 * is drawn once for each type, and runs of it are copied from random places.
 */
export class Filler {
  readonly #random: Random
  readonly #pools = new Map<string, Uint8Array>()

  constructor(seed: number) {
    this.#random = new Random(seed)
  }

  /** Fills `bytes`, which is a whole number of blocks of `type`. */
  fill(bytes: Uint8Array, type: WritableType, background: Background): void {
    const pool = this.#pool(type, background)
    const { bytes: blockBytes } = formats[type]
    for (let done = 0; done < bytes.length;) {
      const start = background === 'random' ? this.#random.below(pool.length / blockBytes) * blockBytes : 0
      const run = pool.subarray(start, start + bytes.length - done)
      bytes.set(run, done)
      done += run.length
    }
  }

  #pool(type: WritableType, background: Background): Uint8Array {
    const key = `${type} ${background}`
    let pool = this.#pools.get(key)
    if (pool === undefined) {
      const values = this.#values(background)
      pool = new Uint8Array(byteLength(type, values.length))
      encode(type, values, pool)
      this.#pools.set(key, pool)
    }
    return pool
  }

  #values(background: Background): Float32Array {
    if (background !== 'random') return new Float32Array(1 << 15).fill(background === 'ones' ? 1 : 0)
    const values = new Float32Array(poolSize)
    for (let i = 0; i < values.length; i++) values[i] = this.#random.normal() * standardDeviation
    return values
  }
}
