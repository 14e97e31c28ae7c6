import { expect, test } from 'vitest'
import { timeLeft } from './time-left.js'

test('what is left takes as long as what is done did', () => {
  expect(timeLeft(1, 4, 2000)).toBe(', about 6 s left')
  expect(timeLeft(10, 110, 60_000)).toBe(', about 10 min left')
  expect(timeLeft(4, 4, 2000)).toBe('')
})
