import { createChance, Distribution } from '@foretoken/core'

export interface Interval {
  readonly low: number
  readonly high: number
}

/** @param fraction In `[0, 1]`: 0.5 is the median. Between two values it is interpolated. NaN without values. */
export function quantile(values: readonly number[], fraction: number): number {
  if (values.length === 0) return NaN
  const sorted = values.toSorted((a, b) => a - b)
  const position = (sorted.length - 1) * fraction
  const below = sorted[Math.floor(position)]!
  const above = sorted[Math.ceil(position)]!
  return below + (above - below) * (position - Math.floor(position))
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** NaN when any of them is, or without values. */
export function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), values.length > 0 ? -Infinity : NaN)
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** The mean for ratios: twice as fast and half as fast average to "the same". NaN without values. */
export function geometricMean(ratios: readonly number[]): number {
  return Math.exp(mean(ratios.map(Math.log)))
}

export interface BootstrapOptions {
  /** In `(0, 1)`, default 0.95. */
  readonly confidence?: number
  /** Default 2000. */
  readonly resamples?: number
  /** The same seed gives the same interval. Default 1. */
  readonly seed?: number
}

/**
 * How far the geometric mean of `ratios` could lie elsewhere, had chance given us other prompts: the percentile
 * bootstrap, that is, the spread of the means of samples drawn from the sample, with replacement.
 */
export function bootstrapInterval(ratios: readonly number[], options: BootstrapOptions = {}): Interval {
  return bootstrap(ratios.length, (sample) => geometricMean(sample.map((i) => ratios[i]!)), options)
}

/** The same for the ratio of two sums, of which each part belongs to the other's part at its place: times of both sides. */
export function ratioInterval(
  above: readonly number[],
  below: readonly number[],
  options: BootstrapOptions = {},
): Interval {
  const sum = (parts: readonly number[], sample: readonly number[]) => sample.reduce((all, i) => all + parts[i]!, 0)
  return bootstrap(above.length, (sample) => sum(above, sample) / sum(below, sample), options)
}

function bootstrap(
  count: number,
  statistic: (sample: readonly number[]) => number,
  { confidence = 0.95, resamples = 2000, seed = 1 }: BootstrapOptions,
): Interval {
  if (count < 2) return { low: NaN, high: NaN }
  const anyOne = Distribution.of(new Float64Array(count).fill(1))
  const chance = createChance(seed)
  const seen = Array.from({ length: resamples }, () =>
    statistic(Array.from({ length: count }, () => chance.draw(anyOne))),
  )
  const tail = (1 - confidence) / 2
  return { low: quantile(seen, tail), high: quantile(seen, 1 - tail) }
}
