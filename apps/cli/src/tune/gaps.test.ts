import { expect, test } from 'vitest'
import { withoutGaps } from './gaps.js'

test('what was not timed lies between its neighbours', () => {
  const curve = withoutGaps([
    { tokens: 1, ms: 10 },
    { tokens: 2, ms: 12 },
    { tokens: 6, ms: 20 },
    { tokens: 16, ms: 40 },
  ])!
  expect(curve.map(({ ms }) => ms)).toEqual([10, ...Array.from({ length: 15 }, (_, i) => 12 + 2 * i)])
  expect(curve.filter(({ measured }) => measured).map(({ tokens }) => tokens)).toEqual([1, 2, 6, 16])
})

test('what is wider than all that was timed goes on as from the first to the last', () => {
  const curve = withoutGaps([
    { tokens: 1, ms: 100 },
    { tokens: 2, ms: 130 },
    { tokens: 3, ms: 140 },
  ])!
  expect(curve.map(({ tokens }) => tokens)).toEqual(Array.from({ length: 16 }, (_, i) => i + 1))
  expect(curve.at(-1)).toEqual({ tokens: 16, ms: 400, measured: false })
})

test('one pass tells nothing', () => {
  expect(withoutGaps([])).toBeUndefined()
  expect(withoutGaps([{ tokens: 1, ms: 10 }])).toBeUndefined()
})
