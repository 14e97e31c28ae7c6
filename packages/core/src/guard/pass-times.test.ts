import { describe, expect, it } from 'vitest'
import { PassTimes } from './pass-times.js'

const curve = [1, 2, 4, 8].map((tokens) => ({ tokens, ms: 10 * (1 + 0.2 * (tokens - 1)) }))

describe('PassTimes', () => {
  it('starts from what was measured, with straight lines between and beyond', () => {
    const times = new PassTimes(curve)
    for (const tokens of [1, 2, 3, 4, 6, 8, 16])
      expect(times.expected(tokens)).toBeCloseTo(10 * (1 + 0.2 * (tokens - 1)))
  })

  it('does not believe that a pass takes longer than one over more tokens', () => {
    const disturbed = curve.map(({ tokens, ms }) => ({ tokens, ms: tokens === 4 ? 90 : ms }))
    const times = new PassTimes(disturbed)
    expect(times.expected(4)).toBe(curve[3]!.ms)
    expect(times.expected(1)).toBe(curve[0]!.ms)
  })

  it('knows nothing of a model that nobody has run', () => {
    const times = new PassTimes()
    expect(times.known).toBe(false)
    expect(times.expected(1)).toBeNaN()
    times.observe(1, 20)
    expect(times.expected(1)).toBe(20)
    expect(times.expected(3)).toBeGreaterThan(20)
    times.observe(4, 40)
    expect(times.expected(4)).toBe(40)
  })

  it('follows a machine that becomes slower, at all widths', () => {
    const times = new PassTimes(curve)
    for (let i = 0; i < 40; i++) times.observe(1, 20)
    expect(times.expected(1)).toBeCloseTo(20, 0)
    expect(times.expected(4) / times.expected(1)).toBeCloseTo(1.6)
  })

  it('tells one that has become slow at many tokens from one that has become slow', () => {
    const times = new PassTimes(curve)
    expect(times.puzzled).toBe(false)
    times.observe(4, 60)
    expect(times.puzzled).toBe(true)
    times.observe(1, 10)
    expect(times.puzzled).toBe(false)
    for (let i = 0; i < 6; i++) {
      times.observe(4, 60)
      times.observe(1, 10)
    }
    expect(times.expected(1)).toBeGreaterThan(9)
    expect(times.expected(1)).toBeLessThan(12)
    expect(times.expected(4)).toBeGreaterThan(50)
    // Its neighbours go with it.
    expect(times.expected(8)).toBeGreaterThan(45)
  })

  it('reckons with as many tokens for those that share the passes, and counts a pass once', () => {
    const times = new PassTimes(curve)
    expect(times.texts).toBe(1)
    expect(times.shared(2)).toBe(times.expected(2))
    for (let i = 0; i < 40; i++) {
      const pass = { tokens: 4, sequences: 2, ms: times.expected(4) }
      for (const own of [1, 3]) times.observeRound(own, 99, pass)
    }
    expect([times.texts, times.round]).toEqual([2, 40])
    expect(times.shared(2)).toBe(times.expected(4))
    expect(times.expected(4)).toBeCloseTo(16)
    // The other has gone, and the backend does not tell of its passes.
    for (let i = 0; i < 40; i++) times.observeRound(1, times.expected(1), undefined)
    expect([times.texts, times.round]).toEqual([1, 80])
  })

  it('shrugs at a single long pass', () => {
    const times = new PassTimes(curve)
    times.observe(1, 500)
    expect(times.expected(1)).toBeLessThan(12)
    times.observe(4, 500)
    expect(times.expected(4)).toBeLessThan(24)
  })
})
