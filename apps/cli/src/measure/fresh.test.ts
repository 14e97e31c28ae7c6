import { expect, test } from 'vitest'
import { freshShare } from './fresh.js'

test('what comes for the second time is not fresh, once eight tokens of it have come', () => {
  const eight = [1, 2, 3, 4, 5, 6, 7, 8]
  expect(freshShare([eight])).toBe(1)
  expect(freshShare([[...eight, 9, ...eight]])).toBe(16 / 17)
  expect(freshShare([[...eight, 9, ...eight, 9]])).toBe(16 / 18)
  // Each text for itself.
  expect(freshShare([eight, eight])).toBe(1)
  expect(freshShare([Array<number>(100).fill(5)])).toBe(8 / 100)
  expect(freshShare([[]])).toBeNaN()
})
