import { describe, expect, it } from 'vitest'
import { Bench } from './bench.js'
import { measureCurve } from './curve.js'
import { FakeRig } from './fake-rig.js'
import { PassSamples } from './samples.js'

const measure = async (rig: FakeRig) => {
  const bench = new Bench(rig, 1)
  const curve = await measureCurve(bench)
  return { bench, curve, measured: curve.filter(({ measured }) => measured).map(({ tokens }) => tokens) }
}

/** A pass whose every further token takes a part of what the first takes. */
const straight = (one: number, further: number) => (tokens: number) => one * (1 + further * (tokens - 1))

describe('measuring T(n)', () => {
  it('tells all of a small model, in a tenth of a second', async () => {
    const rig = new FakeRig(straight(0.5, 0.25))
    const { bench, curve, measured } = await measure(rig)
    expect(measured).toHaveLength(16)
    curve.forEach(({ tokens, ms }, index) => {
      expect(tokens).toBe(index + 1)
      expect(ms).toBe(rig.time(tokens, 1))
    })
    expect(bench.spent).toBeLessThan(100)
  })

  it('ends as soon as another round changes nothing', async () => {
    const rig = new FakeRig(straight(0.5, 0.01))
    await measure(rig)
    expect(rig.passes).toHaveLength(36)
  })

  it('asks a large model for what tells most, and keeps to a second and a half', async () => {
    const rig = new FakeRig(straight(86, 2.5 / 15))
    const { bench, curve, measured } = await measure(rig)
    expect(rig.passes.slice(0, 6)).toEqual([1, 4, 2, 8, 16, 1])
    expect(measured).toEqual(expect.arrayContaining([1, 2, 4, 8, 16]))
    expect(bench.spent).toBeLessThanOrEqual(1500)
    expect(bench.spent).toBeGreaterThan(1300)
    // What was not measured lies on the line.
    expect(curve).toHaveLength(16)
    expect(measured.length).toBeLessThan(16)
    for (const { tokens, ms } of curve) expect(ms).toBeCloseTo(rig.time(tokens, 1))
  })

  it('says no more than it saw of a model that takes seconds', async () => {
    const rig = new FakeRig(straight(2000, 0.2))
    const { curve } = await measure(rig)
    expect(rig.passes).toEqual([1, 4])
    expect(curve.map(({ tokens, measured }) => [tokens, measured])).toEqual([
      [1, true],
      [2, false],
      [3, false],
      [4, true],
    ])
  })

  it('is not misled by passes that something else held up', async () => {
    const time = straight(5, 0.15)
    let passes = 0
    const rig = new FakeRig((tokens) => time(tokens) + (++passes % 4 === 0 ? 20 : 0))
    const { curve } = await measure(rig)
    for (const { tokens, ms } of curve) expect(ms / time(tokens)).toBeCloseTo(1, 5)
  })
})

describe('samples of passes', () => {
  it('give the lower quartile', () => {
    const samples = new PassSamples()
    for (const ms of [9, 30, 5, 7]) samples.add(3, ms)
    expect(samples.measured(3)).toBe(5)
    samples.add(3, 8)
    expect(samples.measured(3)).toBe(7)
    expect(samples.measured(2)).toBeUndefined()
  })

  it('are joined by straight lines, which go on as steep as they ended, and never fall there', () => {
    const samples = new PassSamples()
    expect(samples.expected(1)).toBe(Infinity)
    samples.add(1, 10)
    expect(samples.expected(5)).toBe(10)
    samples.add(4, 16)
    samples.add(8, 14)
    expect([1, 2, 3, 4, 6, 8].map((tokens) => samples.expected(tokens))).toEqual([10, 12, 14, 16, 15, 14])
    expect(samples.expected(12)).toBe(14)
    samples.add(10, 20)
    expect(samples.expected(12)).toBe(26)
    expect(samples.curve().map(({ tokens }) => tokens)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  it('give no time that a wider pass disproves', () => {
    const samples = new PassSamples()
    for (const [tokens, ms] of [10, 12, 150, 14, 13].entries()) samples.add(tokens + 1, ms)
    expect(samples.curve()).toEqual([
      { tokens: 1, ms: 10, measured: true },
      { tokens: 2, ms: 12, measured: true },
      { tokens: 3, ms: 1.3 * 13, measured: false },
      { tokens: 4, ms: 14, measured: true },
      { tokens: 5, ms: 13, measured: true },
    ])
  })
})
