import type { Bench } from './bench.js'
import type { CalibratedPass } from './samples.js'

/** What calibration may take in all, and what of it is left to the curve in any case, in milliseconds. */
const mostMs = 1500
const leastMs = 1000

/**
 * Widths in the order of what they tell: usual drafts, long ones, then what lies between. 1 comes often, as all else is
 * compared with it.
 */
const order = [1, 4, 2, 8, 16, 1, 6, 3, 12, 1, 5, 10, 7, 14, 9, 11, 13, 15]

/** Rounds end when the last one changed the times by no more than this part of them, or after so many. */
const steady = 0.02
const mostRounds = 3
/** A pass that took so many times what its neighbours suggest is repeated at once: outliers of 20 ms happen. */
const surprise = 1.3

/**
 * Measures T(n) for as many widths as there is time for, often enough that other work on the machine does not show. Two
 * widths are measured however long that takes.
 *
 * @returns T(1) and so on, to the widest pass that there was time for.
 */
export async function measureCurve(bench: Bench): Promise<CalibratedPass[]> {
  const { times } = bench
  const end = Math.max(mostMs, bench.spent + leastMs)
  const fits = (ms: number): boolean => bench.spent + ms <= end
  for (let round = 0; round < mostRounds; round++) {
    const before = times.total
    let passes = 0
    for (const tokens of round % 2 === 0 ? order : order.toReversed()) {
      const line = times.widths > 1
      const expected = line ? times.expected(tokens) : Infinity
      if (line ? !fits(expected) : times.measured(tokens) !== undefined) continue
      const ms = await bench.pass(tokens)
      passes++
      if (ms > surprise * expected && fits(expected)) await bench.pass(tokens)
    }
    if (passes === 0 || Math.abs(times.total - before) <= steady * before) break
  }
  return times.curve()
}
