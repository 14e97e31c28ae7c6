import type { Cache, Rollback } from './cache.js'

/** Parts of the spread of a row of logits: what other widths of passes may change, and what other arithmetic may. */
const rounding = 0.001
export const otherWidths = 0.05

const said = [2, 3, 5, 7, 11, 13]
const instead = [17, 19]
const kept = 3

export interface RollbackTrial {
  /** An empty cache that rolls back in this way. */
  readonly open: (rollback: Rollback) => Cache
  /** Runs tokens; the logits of the last of them. */
  readonly run: (cache: Cache, tokens: readonly number[]) => Promise<Float32Array>
  readonly vocabSize: number
  /** What there is to try, the cheapest first. The last is right whenever any is. */
  readonly ways: readonly Rollback[]
}

/**
 * Tries which is the cheapest way to roll back that is right with a graph: says six tokens, takes three back, says two
 * others, and compares the logits with those of a straight run.
 *
 * @returns `none` when no way is right: the model remembers more than its cache tells.
 */
export async function chooseRollback(trial: RollbackTrial): Promise<Rollback | 'none'> {
  const { run } = trial
  const legal = (tokens: readonly number[]): number[] => tokens.map((token) => token % trial.vocabSize)
  const after = async (rollback: Rollback): Promise<Float32Array> => {
    const cache = trial.open(rollback)
    await run(cache, legal(said))
    cache.truncate(kept)
    return run(cache, legal(instead))
  }
  const surest = trial.ways.at(-1)!
  const straight = trial.open(surest)
  await run(straight, legal(said.slice(0, kept)))
  const fresh = await run(straight, legal(instead))
  const expected = await after(surest)
  if (!(distance(expected, fresh) <= otherWidths)) return 'none'
  for (const rollback of trial.ways.slice(0, -1)) {
    // A graph that cannot take such inputs says so by failing.
    const logits = await after(rollback).catch(() => undefined)
    if (logits && distance(logits, expected) <= rounding) return rollback
  }
  return surest
}

/** The largest difference as a part of what lies between the smallest logit and the largest. NaN if any is. */
export function distance(a: Float32Array, b: Float32Array): number {
  let [most, low, high] = [0, Infinity, -Infinity]
  for (let i = 0; i < a.length; i++) {
    most = Math.max(most, Math.abs(a[i]! - b[i]!))
    low = Math.min(low, b[i]!)
    high = Math.max(high, b[i]!)
  }
  return most / (high - low)
}
