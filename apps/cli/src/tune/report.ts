import type { CalibratedPass } from '@foretoken/backend-llama'
import type { OnnxModel } from '@foretoken/backend-onnx'
import { ForetokenError, speculationOutlook } from '@foretoken/core'
import { isLlama, type LoadedModel } from '../models/load.js'
import { withoutGaps } from './gaps.js'
import { alphas, bestGain, breakEven, type Cliff, cliffs, type Gain } from './gains.js'
import { type Prospect, prospect, type Trial } from './trial.js'

/** What drafts of one cost could gain here. */
export interface Potential {
  /** The acceptance from which on they pay, in `[0, 1]`; absent where none pays. */
  readonly breakEven: number | undefined
  readonly gains: readonly Gain[]
}

/** What the models' passes allow. Times in milliseconds. */
export interface Allowance {
  readonly target: string
  readonly device: string
  /** What it was tried on when it was loaded, where there was a choice to make. */
  readonly tried: Tried | undefined
  readonly threads: number
  /** Whether a refused draft has to be paid for by computing again, which no figure here knows of. */
  readonly replays: boolean
  readonly passes: readonly (CalibratedPass & { readonly relative: number })[]
  readonly cliffs: readonly Cliff[]
  /** Drafts that cost nothing. */
  readonly free: Potential
  readonly draft: DraftAllowance | undefined
  readonly outlook: string | undefined
}

export type Tried = OnnxModel['device']['attempts']

interface DraftAllowance extends Potential {
  readonly model: string
  readonly device: string
  readonly tried: Tried | undefined
  readonly stepMs: number
  /** `stepMs` over T(1). */
  readonly c: number
}

/** @throws `unsupported` when the passes of a model were not timed. */
export function allowance(target: LoadedModel, draft: LoadedModel | undefined): Allowance {
  const curve = curveOf(target)
  const stepMs = draft && curveOf(draft)[0]!.ms
  const experts = isLlama(target) ? target.info.experts : undefined
  const one = curve[0]!.ms
  return {
    target: target.description,
    ...deviceOf(target),
    threads: target.threads,
    replays: target.capabilities.rollback === 'replay',
    passes: curve.map((pass) => ({ ...pass, relative: pass.ms / one })),
    cliffs: cliffs(curve),
    free: potential(curve, 0),
    draft:
      draft && stepMs !== undefined
        ? { model: draft.description, ...deviceOf(draft), stepMs, c: stepMs / one, ...potential(curve, stepMs) }
        : undefined,
    outlook: speculationOutlook({ curve, stepMs, experts }),
  }
}

function deviceOf(model: LoadedModel): { readonly device: string; readonly tried: Tried | undefined } {
  return isLlama(model)
    ? { device: model.device, tried: undefined }
    : { device: model.device.provider, tried: model.device.attempts }
}

function curveOf(model: LoadedModel): readonly CalibratedPass[] {
  const passes = isLlama(model) ? model.calibration?.passes : withoutGaps(model.passCurve ?? [])
  if (passes) return passes
  throw new ForetokenError(
    'unsupported',
    `The passes of ${model.description} were not timed: that takes a context of more than 16 tokens (--context)` +
      (isLlama(model) ? ', and the version of node-llama-cpp that this package depends on.' : '.'),
  )
}

function potential(curve: Allowance['passes'] | readonly CalibratedPass[], stepMs: number): Potential {
  const costs = { curve, stepMs }
  return { breakEven: breakEven(costs), gains: alphas.map((alpha) => bestGain(alpha, costs)) }
}

/** How a strategy did, and what that would gain here. */
export interface StrategyProspect extends Prospect {
  readonly name: string
  /** Rounds that it was tried in. */
  readonly rounds: number
  /** Milliseconds of drafting for each drafted token, and the same in passes of the target. */
  readonly tokenMs: number
  readonly c: number
}

/** The quickest first. */
export function prospects(
  trials: readonly { readonly name: string; readonly trial: Trial }[],
  { passes }: Allowance,
): StrategyProspect[] {
  return trials
    .filter(({ trial }) => trial.rounds.length > 0)
    .map(({ name, trial }) => ({
      name,
      rounds: trial.rounds.length,
      tokenMs: trial.tokenMs,
      c: trial.tokenMs / passes[0]!.ms,
      ...prospect(trial, passes),
    }))
    .toSorted((a, b) => b.speedup - a.speedup)
}

/** What was said to try strategies on. */
export interface TextReport {
  readonly texts: number
  readonly tokens: number
  readonly tokensPerSecond: number
  /** See `freshShare`. */
  readonly fresh: number
}
