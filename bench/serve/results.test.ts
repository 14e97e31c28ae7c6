import { describe, expect, it } from 'vitest'
import { ratiosOf, rowsOf, type Run } from './results.js'
import type { Role } from './side.js'

/** A round of 100 tokens at so many a second. */
const run = (clients: number, round: number, role: Role, speed: number, more: Partial<Run> = {}): Run => ({
  ...{ clients, round, role, setting: role, tokens: 100, ms: 100_000 / speed, firstMs: 10 * (round + 1), short: 0 },
  ...more,
})

const runs = [
  run(1, 0, 'on', 40),
  run(1, 0, 'off', 20),
  run(1, 0, 'best', 25),
  run(1, 1, 'off', 20, { short: 1 }),
  run(1, 1, 'on', 10),
  run(1, 1, 'best', 10),
  run(1, 2, 'off', 80, { firstMs: 500, short: 2 }),
  run(8, 0, 'off', 50),
  run(8, 0, 'on', 60),
]

describe('results', () => {
  it('are geometric means over the rounds of each side, and medians of the wait', () => {
    const rows = rowsOf(runs)
    expect(rows.map(({ clients, role }) => [clients, role])).toEqual([
      [1, 'on'],
      [1, 'off'],
      [1, 'best'],
      [8, 'on'],
      [8, 'off'],
    ])
    expect(rows[0]!.tokensPerSecond).toBeCloseTo(20)
    expect(rows[0]!.interval.low).toBeCloseTo(10)
    expect(rows[0]!.interval.high).toBeCloseTo(40)
    expect(rows[1]).toMatchObject({ firstMs: 20, short: 3, setting: 'off' })
    expect(rows[1]!.tokensPerSecond).toBeCloseTo((20 * 20 * 80) ** (1 / 3))
  })

  it('compare round by round, where both sides ran', () => {
    const ratios = ratiosOf(runs)
    expect(ratios.map(({ clients, over }) => [clients, over])).toEqual([
      [1, 'off'],
      [1, 'best'],
      [8, 'off'],
    ])
    // 40 / 20 and 10 / 20; 40 / 25 and 10 / 10; 60 / 50.
    expect(ratios[0]!.ratio).toBeCloseTo(1)
    expect(ratios[0]!.interval).toMatchObject({ low: 0.5, high: 2 })
    expect(ratios[1]!.ratio).toBeCloseTo(Math.sqrt(1.6))
    expect(ratios[2]!.ratio).toBeCloseTo(1.2)
    expect(ratios[2]!.interval.low).toBeNaN()
  })
})
