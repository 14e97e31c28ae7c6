import { expect, it } from 'vitest'
import { floatsOfHalves } from './half.js'

it.each([
  [0x0000, 0],
  [0x8000, -0],
  [0x0001, 2 ** -24],
  [0x03ff, 1023 * 2 ** -24],
  [0x0400, 2 ** -14],
  [0x3c00, 1],
  [0x3c01, 1 + 2 ** -10],
  [0xc000, -2],
  [0x7bff, 65504],
  [0x7c00, Infinity],
  [0xfc00, -Infinity],
  [0x7e00, NaN],
])('%i is %f', (bits, value) => {
  expect(floatsOfHalves(Uint16Array.of(bits))[0]).toBe(value)
})
