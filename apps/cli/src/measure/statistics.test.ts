import { describe, expect, test } from 'vitest'
import { bootstrapInterval, geometricMean, largest, mean, median, quantile, ratioInterval } from './statistics.js'

describe('quantile', () => {
  test('interpolates between the two nearest values', () => {
    expect(quantile([4, 1, 3, 2], 0)).toBe(1)
    expect(quantile([4, 1, 3, 2], 1)).toBe(4)
    expect(quantile([4, 1, 3, 2], 0.25)).toBe(1.75)
    expect(median([3, 1, 2])).toBe(2)
    expect(median([1, 2, 3, 4])).toBe(2.5)
    expect(median([])).toBeNaN()
  })

  test('leaves its input as it is', () => {
    const values = [3, 1, 2]
    quantile(values, 0.5)
    expect(values).toEqual([3, 1, 2])
  })
})

test('largest tells of what is no number', () => {
  expect(largest([1, 3, 2])).toBe(3)
  expect(largest([1, NaN, 2])).toBeNaN()
  expect(largest([])).toBeNaN()
})

test('means', () => {
  expect(mean([1, 2, 6])).toBe(3)
  expect(geometricMean([2, 0.5])).toBeCloseTo(1, 12)
  expect(geometricMean([1, 10, 100])).toBeCloseTo(10, 12)
  expect(geometricMean([])).toBeNaN()
})

describe('bootstrapInterval', () => {
  const ratios = [1.8, 2.1, 1.6, 2.4, 1.9, 2.2, 1.7, 2.0]

  test('is the same for the same seed, and holds the mean', () => {
    const first = bootstrapInterval(ratios)
    expect(bootstrapInterval(ratios)).toEqual(first)
    expect(bootstrapInterval(ratios, { seed: 2 })).not.toEqual(first)
    expect(first.low).toBeLessThan(geometricMean(ratios))
    expect(first.high).toBeGreaterThan(geometricMean(ratios))
  })

  test('agrees with the normal approximation on the logarithms', () => {
    // Standard error of the mean of the logs (population form, as the bootstrap has it), times 1.96 either side.
    const logs = ratios.map(Math.log)
    const centre = mean(logs)
    const error = Math.sqrt(mean(logs.map((log) => (log - centre) ** 2)) / logs.length)
    const { low, high } = bootstrapInterval(ratios, { resamples: 20_000 })
    expect(low).toBeCloseTo(Math.exp(centre - 1.96 * error), 1)
    expect(high).toBeCloseTo(Math.exp(centre + 1.96 * error), 1)
  })

  test('is wider at a higher confidence', () => {
    const wide = bootstrapInterval(ratios, { confidence: 0.99 })
    const narrow = bootstrapInterval(ratios, { confidence: 0.5 })
    expect(wide.high - wide.low).toBeGreaterThan(narrow.high - narrow.low)
  })

  test('has no width where all are equal, and says nothing about one value', () => {
    const { low, high } = bootstrapInterval([1.5, 1.5, 1.5])
    expect(low).toBeCloseTo(1.5, 12)
    expect(high).toBeCloseTo(1.5, 12)
    expect(bootstrapInterval([2]).low).toBeNaN()
  })

  test('covers the truth about as often as it says', () => {
    // 120 samples of 12 ratios whose true geometric mean is 1: a fixed walk through a sine keeps the test the same.
    let covered = 0
    for (let sample = 0; sample < 120; sample++) {
      const drawn = Array.from({ length: 12 }, (_, i) => Math.exp(noise(sample * 12 + i)))
      const { low, high } = bootstrapInterval(drawn, { resamples: 400, seed: sample })
      if (low <= 1 && 1 <= high) covered++
    }
    expect(covered / 120).toBeGreaterThan(0.85)
    expect(covered / 120).toBeLessThanOrEqual(1)
  })
})

/** Uniform in `[-0.5, 0.5)`, from an integer. */
function noise(i: number): number {
  const x = Math.sin(i * 12.9898 + 1) * 43758.5453
  return x - Math.floor(x) - 0.5
}

describe('the interval of a ratio of sums', () => {
  test('is around the ratio, and narrow where the parts go together', () => {
    const below = [10, 30, 20, 40, 25, 15]
    const together = ratioInterval(
      below.map((ms) => 2 * ms),
      below,
    )
    expect(together.low).toBeCloseTo(2)
    expect(together.high).toBeCloseTo(2)
    const apart = ratioInterval([...below].reverse(), below)
    expect(apart.low).toBeLessThan(1)
    expect(apart.high).toBeGreaterThan(1)
    expect(ratioInterval([1], [1]).low).toBeNaN()
  })
})
