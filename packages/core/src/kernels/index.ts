import { typescriptKernels } from './typescript.js'
import { createWasmKernels } from './wasm.js'

/** The inner loops over a vocabulary row. Both implementations give bit-identical answers. */
export interface Kernels {
  readonly name: 'wasm-simd' | 'typescript'
  /**
   * Index of the largest value; the smallest index among equals. NaN is never chosen; 0 when there is nothing but NaN
   * and -Infinity.
   */
  argmax(row: Float32Array): number
  /**
   * Softmax without its division: `weights[i] = exp((row[i] - max) * scale)`, in 32 bits with a relative error below
   * 1e-7 of the exponential, 0 where its argument is below -87.
   *
   * NaN and -Infinity weigh 0; a row of nothing else sums to 0. Values of +Infinity weigh 1 each and all others 0.
   *
   * @param scale 1 / temperature, above 0.
   * @param weights As long as `row`; overwritten. May be `row` itself.
   * @returns The sum of the weights, in 64 bits.
   */
  softmax(row: Float32Array, scale: number, weights: Float32Array): number
  /**
   * The indices of the values that are at least `floor`, ascending.
   *
   * @param weights No NaN.
   * @param floor Above 0, and finite.
   */
  atLeast(weights: Float32Array, floor: number): Int32Array
}

/** The fastest that runs here. */
export const kernels: Kernels = createWasmKernels() ?? typescriptKernels
