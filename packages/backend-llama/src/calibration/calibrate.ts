import { Bench } from './bench.js'
import type { Rig } from './bench.js'
import { chooseThreads } from './choose-threads.js'
import { measureCurve } from './curve.js'
import type { CalibratedPass } from './samples.js'
import { stillHolds } from './still-holds.js'
import type { Earlier } from './still-holds.js'
import { readCalibration, writeCalibration } from './store.js'
import type { CalibrationKey } from './store.js'

/** How long the passes of a model take here. */
export interface Calibration {
  /** T(1) to T(16), or less far where passes take long: of one sequence, all tokens giving logits. */
  readonly passes: readonly CalibratedPass[]
  /** Whether it was measured at an earlier load, and looked over at this one. */
  readonly cached: boolean
}

export interface CalibrationRequest {
  readonly key: CalibrationKey
  /** The numbers of threads to choose from, the usual one first. */
  readonly threads: readonly number[]
  /** Whether to measure whatever was measured earlier. */
  readonly fresh: boolean
}

/** Makes one model's measurements wait for another's: two at a time would measure each other. */
let last: Promise<unknown> = Promise.resolve()

/** Runs `action` when those before it are over. */
export function oneAtATime<Result>(action: () => Promise<Result>): Promise<Result> {
  const result = last.then(action)
  last = result.catch(() => {})
  return result
}

/** Finds T(n) and the best number of threads, which the rig is left on: from the cache while they hold, else measured. */
export async function calibrate(rig: Rig, { key, threads, fresh }: CalibrationRequest): Promise<Calibration> {
  const [usual, ...others] = threads as [number, ...number[]]
  const bench = new Bench(rig, usual)
  const earlier = fresh ? undefined : await earlierOf(key, threads)
  if (earlier !== undefined && (await stillHolds(bench, earlier, usual))) {
    return { passes: earlier.passes, cached: true }
  }
  await chooseThreads(bench, usual, others)
  const passes = await measureCurve(bench)
  await writeCalibration(key, { threads: bench.threads, passes })
  return { passes, cached: false }
}

async function earlierOf(key: CalibrationKey, threads: readonly number[]): Promise<Earlier | undefined> {
  const earlier = await readCalibration(key)
  return earlier && threads.includes(earlier.threads) ? earlier : undefined
}
