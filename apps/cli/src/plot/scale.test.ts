import { expect, test } from 'vitest'
import { niceCeiling, ticks } from './scale.js'

test('niceCeiling leaves room and ends on a round number', () => {
  expect([0, 0.9, 1, 1.8, 2.1, 7.9, 42].map(niceCeiling)).toEqual([1, 1, 1.5, 2, 2.5, 10, 50])
})

test('ticks are round', () => {
  expect(ticks(2)).toEqual([0, 0.5, 1, 1.5, 2])
  expect(ticks(3)).toEqual([0, 0.5, 1, 1.5, 2, 2.5, 3])
  expect(ticks(10)).toEqual([0, 2.5, 5, 7.5, 10])
})
