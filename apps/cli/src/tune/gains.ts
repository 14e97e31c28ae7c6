import type { CalibratedPass } from '@foretoken/backend-llama'
import { measuredSpeedup, type PassTime } from '@foretoken/core'

/** The acceptances that gains are told for. */
export const alphas: readonly number[] = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95]

/** What speculation costs here. All times in milliseconds. */
export interface Costs {
  /** T(1), T(2) and so on, without gaps. */
  readonly curve: readonly PassTime[]
  /** What drafting a token takes; 0 for text that is found again. */
  readonly stepMs: number
}

export interface Gain {
  /** The probability that a drafted token is accepted. */
  readonly alpha: number
  /** The best draft length that the curve tells of; 0 where none pays. */
  readonly length: number
  /** Times as fast as plain decoding, at least 1. */
  readonly speedup: number
}

export function bestGain(alpha: number, { curve, stepMs: draftStep }: Costs): Gain {
  const pass = (tokens: number): number => curve[tokens - 1]!.ms
  let best: Gain = { alpha, length: 0, speedup: 1 }
  for (let gamma = 1; gamma < curve.length; gamma++) {
    const speedup = measuredSpeedup({ alpha, gamma, draftStep, pass })
    if (speedup > best.speedup) best = { alpha, length: gamma, speedup }
  }
  return best
}

/** The acceptance from which on drafts pay, in `[0, 1]`; nothing where none does. */
export function breakEven(costs: Costs): number | undefined {
  if (bestGain(1, costs).length === 0) return undefined
  return boundary((alpha) => bestGain(alpha, costs).length > 0)
}

/** A width at which passes begin to take much longer. */
export interface Cliff {
  /** The widest pass before it that was timed, and the narrowest behind it. */
  readonly from: number
  readonly to: number
  /** T(to)/T(from). */
  readonly factor: number
  /** The acceptance from which on even drafts that cost nothing are best behind it; absent where they never are. */
  readonly worthFrom: number | undefined
}

/** A rise by less than this part of T(1) is no cliff, nor one that is not so many times the usual for each token. */
const high = 0.5
const unusual = 3

/** Where the curve jumps. Only widths that were timed are looked at: what lies between two of them tells nothing. */
export function cliffs(curve: readonly CalibratedPass[]): Cliff[] {
  const timed = curve.filter(({ measured }) => measured)
  const one = curve[0]!.ms
  const rises = timed.slice(1).map((pass, i) => (pass.ms - timed[i]!.ms) / (pass.tokens - timed[i]!.tokens))
  const usual = rises.toSorted((a, b) => a - b)[Math.floor((rises.length - 1) / 2)] ?? 0
  return rises.flatMap((rise, i) => {
    const [before, behind] = [timed[i]!, timed[i + 1]!]
    // What falls back behind it was a pass that something else held up; of the last one nobody knows.
    const after = timed.slice(i + 2)
    const stays = after.length > 0 && after.every(({ ms }) => ms > (before.ms + behind.ms) / 2)
    if (!stays || behind.ms - before.ms < high * one || rise < unusual * usual) return []
    const beyond = (alpha: number): boolean => bestGain(alpha, { curve, stepMs: 0 }).length >= behind.tokens - 1
    const worthFrom = beyond(1) ? boundary(beyond) : undefined
    return [{ from: before.tokens, to: behind.tokens, factor: behind.ms / before.ms, worthFrom }]
  })
}

/** Where a condition that holds at 1 begins to hold, on the way up from 0. */
function boundary(holds: (alpha: number) => boolean): number {
  let [low, high] = [0, 1]
  while (high - low > 1e-3) {
    const middle = (low + high) / 2
    if (holds(middle)) high = middle
    else low = middle
  }
  return high
}
