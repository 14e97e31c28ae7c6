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

/**
 * How far the geometric mean of `ratios` could lie elsewhere, had chance given us other prompts: the percentile
 * bootstrap, that is, the spread of the means of samples drawn from the sample, with replacement.
 *
 * @param options.confidence In `(0, 1)`, default 0.95.
 * @param options.seed The same seed gives the same interval. Default 1.
 */
export function bootstrapInterval(
  ratios: readonly number[],
  options: { confidence?: number; resamples?: number; seed?: number } = {},
): Interval {
  const { confidence = 0.95, resamples = 2000, seed = 1 } = options
  if (ratios.length < 2) return { low: NaN, high: NaN }
  const logs = ratios.map(Math.log)
  const anyOne = Distribution.of(new Float64Array(logs.length).fill(1))
  const chance = createChance(seed)
  const means: number[] = []
  for (let i = 0; i < resamples; i++) {
    let sum = 0
    for (let draw = 0; draw < logs.length; draw++) sum += logs[chance.draw(anyOne)]!
    means.push(sum / logs.length)
  }
  const tail = (1 - confidence) / 2
  return { low: Math.exp(quantile(means, tail)), high: Math.exp(quantile(means, 1 - tail)) }
}
