import { describe, expect, it } from 'vitest'
import { PassTimes } from './pass-times.js'

describe('the estimate of a pass', () => {
  it('knows nothing at first, so that nothing blocks', () => {
    expect(new PassTimes().expected(1)).toBe(Infinity)
  })

  it('expects at most in proportion beyond what it has seen, and no more below it', () => {
    const times = new PassTimes()
    times.observe(4, 2)
    expect(times.expected(3)).toBe(2)
    expect(times.expected(1)).toBe(2)
    expect(times.expected(16)).toBe(8)
  })

  it('forgets a slow start, and does not fall for a hiccup', () => {
    const times = new PassTimes()
    times.observe(1, 50)
    for (let pass = 0; pass < 10; pass++) times.observe(1, 0.5)
    expect(times.expected(1)).toBeLessThan(0.6)
    times.observe(1, 100)
    expect(times.expected(1)).toBeLessThan(0.8)
    for (let pass = 0; pass < 40; pass++) times.observe(1, 30)
    expect(times.expected(1)).toBeGreaterThan(20)
  })
})
