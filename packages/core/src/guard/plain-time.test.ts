import { expect, it } from 'vitest'
import type { Round } from '../speculate.js'
import { PlainTime } from './plain-time.js'

const round = (drafted: number, accepted: number, passMs: number): Round => ({
  draft: { tokens: Array.from({ length: drafted }, () => 1) },
  verdict: { accepted, next: 2 },
  draftMs: 3,
  pass: undefined,
  passMs,
  totalMs: passMs + 3 + 1,
})
const times = Array.from({ length: 16 }, (_, i) => ({ tokens: i + 1, ms: 10 + i }))

it('estimates plain decoding by passes as long as they were, but narrower, and the work that is neither', () => {
  const plain = new PlainTime()
  expect(plain.ms(times)).toBe(0)
  // Twice as long as it was measured, as others share it: three tokens would have taken 20 ms each.
  plain.add(round(2, 2, 24))
  expect(plain.ms(times)).toBeCloseTo(61)
  plain.add(round(30, 0, 25))
  expect(plain.ms(times)).toBeCloseTo(72)
})

it('of rounds without a draft is what they took', () => {
  const plain = new PlainTime()
  for (const passMs of [9, 30, 11]) plain.add({ ...round(0, 0, passMs), draftMs: 0, totalMs: passMs + 2 })
  expect(plain.ms(times)).toBeCloseTo(56)
})

it('is not known where T(n) is not', () => {
  const plain = new PlainTime()
  plain.add(round(2, 2, 24))
  expect(plain.ms(times.map(({ tokens }) => ({ tokens, ms: NaN })))).toBeNaN()
})
