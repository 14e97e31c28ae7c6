import { describe, expect, it } from 'vitest'
import { Acceptance, rangeOf, ranges } from './acceptance.js'

describe('Acceptance', () => {
  it('tells confidences apart, certainty from all others', () => {
    const seen = [0, 0.1, 0.3, 0.9, 0.99, 0.999, 1].map(rangeOf)
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    expect(rangeOf(1)).toBe(ranges - 1)
  })

  it('believes a drafter a little, and what it sees more', () => {
    const acceptance = new Acceptance()
    const [low, high] = [rangeOf(0.3), rangeOf(0.97)]
    expect(acceptance.expected(0, high)).toBeGreaterThan(acceptance.expected(0, low))
    for (let i = 0; i < 30; i++) {
      acceptance.observe(0, high, false)
      acceptance.observe(0, low, true)
    }
    expect(acceptance.expected(0, high)).toBeLessThan(0.15)
    expect(acceptance.expected(0, low)).toBeGreaterThan(0.8)
    // What was seen at one position is expected of the others until they are seen.
    expect(acceptance.expected(9, high)).toBeLessThan(0.2)
    for (let i = 0; i < 30; i++) acceptance.observe(9, high, true)
    expect(acceptance.expected(9, high)).toBeGreaterThan(0.7)
    expect(acceptance.expected(0, high)).toBeLessThan(0.4)
  })

  it('forgets: what faded is soon contradicted', () => {
    const [fresh, faded] = [new Acceptance(), new Acceptance()]
    const range = rangeOf(0.9)
    for (const acceptance of [fresh, faded]) for (let i = 0; i < 40; i++) acceptance.observe(0, range, false)
    faded.fade(2)
    for (const acceptance of [fresh, faded]) for (let i = 0; i < 4; i++) acceptance.observe(0, range, true)
    expect(faded.expected(0, range)).toBeGreaterThan(0.55)
    expect(fresh.expected(0, range)).toBeLessThan(0.3)
  })
})
