import { describe, expect, it } from 'vitest'
import { fromHalf, toHalf } from './half.js'

describe('half precision', () => {
  it('gives every half back as it was', () => {
    const changed: number[] = []
    for (let half = 0; half < 65536; half++) {
      const value = fromHalf(half)
      if (!Number.isNaN(value) && toHalf(value) !== half) changed.push(half)
    }
    expect(changed).toEqual([])
  })

  it.each([
    ['zero', 0, 0x0000],
    ['minus zero', -0, 0x8000],
    ['one', 1, 0x3c00],
    ['minus two', -2, 0xc000],
    ['the largest', 65504, 0x7bff],
    ['what still rounds to the largest', 65519.99, 0x7bff],
    ['what rounds to infinity', 65520, 0x7c00],
    ['infinity', -Infinity, 0xfc00],
    ['the smallest normal', 2 ** -14, 0x0400],
    ['the smallest', 2 ** -24, 0x0001],
    ['half of the smallest, to even', 2 ** -25, 0x0000],
    ['more than half of the smallest', 1.01 * 2 ** -25, 0x0001],
    ['one and a half of the smallest, to even', 1.5 * 2 ** -24, 0x0002],
    ['a tie, to even below', 1 + 2 ** -11, 0x3c00],
    ['a tie, to even above', 1 + 3 * 2 ** -11, 0x3c02],
    ['just above a tie', 1 + 2 ** -11 + 2 ** -20, 0x3c01],
    ['a subnormal that rounds up to a normal', 2 ** -14 - 2 ** -26, 0x0400],
  ])('rounds %s as IEEE 754 does', (_, value, half) => {
    expect(toHalf(value)).toBe(half)
  })

  it('keeps NaN', () => {
    expect(fromHalf(toHalf(NaN))).toBeNaN()
  })
})
