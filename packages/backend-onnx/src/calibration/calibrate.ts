import type { LanguageModel, PassTime } from '@foretoken/core'
import { measurePasses, PassTimer } from './measure-passes.js'
import { readPasses, writePasses } from './store.js'
import type { CalibrationKey } from './store.js'

/** What a look at T(1) may take, in milliseconds, and how often it is repeated. */
const mostMs = 200
const mostLooks = 6
/** How far T(1) may be off, as a factor: it also follows clocks and what else is running. */
const off = 1.6

/** Makes one model's measurements wait for another's: two at a time would measure each other. */
let last: Promise<unknown> = Promise.resolve()

/**
 * T(n) of an unused model: what was measured earlier, where that still holds, else measured and kept.
 *
 * @param options.fresh Whether to measure whatever was measured earlier.
 */
export function calibrate(
  model: LanguageModel,
  key: CalibrationKey,
  options: { readonly fresh: boolean; readonly signal?: AbortSignal | undefined },
): Promise<readonly PassTime[]> {
  const result = last.then(() => calibrateAlone(model, key, options))
  last = result.catch(() => {})
  return result
}

async function calibrateAlone(
  model: LanguageModel,
  key: CalibrationKey,
  { fresh, signal }: { readonly fresh: boolean; readonly signal?: AbortSignal | undefined },
): Promise<readonly PassTime[]> {
  const timer = await PassTimer.open(model, signal)
  try {
    const earlier = fresh ? undefined : await readPasses(key)
    if (earlier !== undefined && (await stillHolds(timer, earlier[0]!.ms))) return earlier
    const passes = await measurePasses(timer)
    await writePasses(key, passes)
    return passes
  } finally {
    await timer.close()
  }
}

/** Whether a pass over one token takes as long as it did. The first that agrees will do: others only ever take longer. */
async function stillHolds(timer: PassTimer, one: number): Promise<boolean> {
  const started = performance.now()
  for (let look = 0; look < mostLooks; look++) {
    const ms = await timer.pass(1)
    if (ms < one / off) return false
    if (ms < one * off) return true
    if (performance.now() - started + ms > mostMs) return false
  }
  return false
}
