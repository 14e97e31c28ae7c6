import { expect, test } from 'vitest'
import { prospectOf, shares, typicalGain } from './prospect.js'

/** A measurement with T(n) = one + (n - 1) more. */
const measured = (one: number, more: number) => ({
  passes: Array.from({ length: 16 }, (_, i) => ({ tokens: i + 1, ms: one + i * more, measured: true })),
  threads: 2,
  hardware: 'CPU',
})

test('without measurements, c is the ratio of the bytes and passes up to 8 tokens cost one', () => {
  const prospect = prospectOf({ target: 1000, draft: 100 }, {})
  expect(prospect).toMatchObject({ c: 0.1, measured: { target: false, draft: false } })
  expect(prospect.gains.map(({ alpha }) => alpha)).toEqual([...shares])
  // Drafts of 6: 1 + 0.8 + ... + 0.8^6 = 3.951424 tokens in 1 + 6 x 0.1 steps; 5 and 7 give 2.459... and 2.447...
  expect(typicalGain(prospect).length).toBe(6)
  expect(typicalGain(prospect).speedup).toBeCloseTo(3.951424 / 1.6, 10)
  // Drafts of 3 at 0.6: 1 + 0.6 + 0.36 + 0.216 = 2.176 in 1.3 steps.
  expect(prospect.gains[0]).toMatchObject({ length: 3 })
  expect(prospect.gains[0]!.speedup).toBeCloseTo(2.176 / 1.3, 10)
})

test('a draft as heavy as its target gains nothing', () => {
  const { gains } = prospectOf({ target: 1000, draft: 1000 }, {})
  expect(gains.map(({ length, speedup }) => [length, speedup])).toEqual(shares.map(() => [0, 1]))
})

test('with the target measured, its T(n) counts, and the draft is as long as its bytes', () => {
  const prospect = prospectOf({ target: 1000, draft: 100 }, { target: measured(10, 5) })
  expect(prospect).toMatchObject({ c: 0.1, measured: { target: true, draft: false } })
  // Drafts of 1: 1.8 x 10 ms in 15 + 1 ms. Of 2: 2.44 x 10 in 20 + 2. Of 3: 29.52 in 28.
  expect(typicalGain(prospect)).toMatchObject({ length: 1 })
  expect(typicalGain(prospect).speedup).toBeCloseTo(18 / 16, 10)
})

test('with both measured, the draft takes what it took', () => {
  const prospect = prospectOf({ target: 1000, draft: 100 }, { target: measured(10, 0), draft: measured(5, 0) })
  expect(prospect).toMatchObject({ c: 0.5, measured: { target: true, draft: true } })
  // Drafts of 2: 24.4 in 20; of 1: 18 in 15; of 3: 29.52 in 25.
  expect(typicalGain(prospect)).toMatchObject({ length: 2 })
  expect(typicalGain(prospect).speedup).toBeCloseTo(1.22, 10)
})

test("a draft's measurement is nothing without the target's", () => {
  expect(prospectOf({ target: 1000, draft: 100 }, { draft: measured(5, 0) })).toMatchObject({
    c: 0.1,
    measured: { target: false, draft: false },
  })
})
