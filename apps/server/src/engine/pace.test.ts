import { expect, it } from 'vitest'
import { Pace } from './pace.js'

it('reads in one go alone, and beside others in pieces of a bearable time', () => {
  let others = false
  const pace = new Pace(() => others)
  expect(pace.next()).toBe(Infinity)
  others = true
  const settle = (msPerToken: number): number => {
    for (let i = 0; i < 10; i++) pace.observe(pace.next(), pace.next() * msPerToken)
    return pace.next()
  }
  expect(settle(10)).toBe(32)
  expect(settle(1)).toBe(64)
  expect(settle(0.01)).toBe(512)
  pace.observe(100, 10_000)
  expect(pace.next()).toBe(512)
})
