import type { FoundCalibration } from '@foretoken/backend-llama'
import type { PassTime } from '@foretoken/core'
import { bestGain, type Gain } from '../tune/gains.js'

/** The acceptances that gains are told for: nobody knows it of a pair before it has run. */
export const shares: readonly number[] = [0.6, 0.7, 0.8, 0.9]
/** The one that drafts are ranked and drawn by. */
export const typical = 0.8

/** Passes of up to so many tokens are taken to cost what one over a single token does, where none was timed. */
export const flatTo = 8

/** What a pair can gain. */
export interface Prospect {
  /** The time of a draft step divided by that of a target step. */
  readonly c: number
  /** What of it was measured on this machine: T(n) of the target, the step of the draft. */
  readonly measured: { readonly target: boolean; readonly draft: boolean }
  readonly gains: readonly Gain[]
}

/**
 * What a pair can gain: by what was measured of its models on this machine and, of what was not, by the memory that a step
 * reads. That is an estimate: it takes a step to be as long as its weights, and T(n) to be flat.
 *
 * @param weights Bytes.
 * @param calibrations Of one machine; the draft's counts only beside the target's.
 */
export function prospectOf(
  weights: { readonly target: number; readonly draft: number },
  calibrations: { readonly target?: FoundCalibration | undefined; readonly draft?: FoundCalibration | undefined },
): Prospect {
  const curve: readonly PassTime[] = calibrations.target?.passes ?? flat
  const one = curve[0]!.ms
  const step = calibrations.target && calibrations.draft?.passes[0]!.ms
  const stepMs = step ?? (one * weights.draft) / weights.target
  return {
    c: stepMs / one,
    measured: { target: calibrations.target !== undefined, draft: step !== undefined },
    gains: shares.map((alpha) => bestGain(alpha, { curve, stepMs })),
  }
}

const flat: readonly PassTime[] = Array.from({ length: flatTo }, (_, i) => ({ tokens: i + 1, ms: 1 }))

/** Of a pair, the gain at the typical acceptance. */
export function typicalGain({ gains }: Prospect): Gain {
  return gains.find(({ alpha }) => alpha === typical)!
}
