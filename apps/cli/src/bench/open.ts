import { type DraftStrategy, prediction } from '@foretoken/core'
import type { Contender, ContestPrompt } from '../measure/contest.js'
import { passCurve, type PassCurveOptions } from '../measure/pass-curve.js'
import { timed, type TimedModel } from '../measure/timed.js'
import { findModel } from '../models/find.js'
import { openModel } from '../models/load.js'
import type { DraftingFlags, ModelFlags } from '../options.js'
import { chooseStrategy, type ChosenStrategy } from '../strategy/resolve.js'
import type { Terminal } from '../terminal/terminal.js'
import type { Configuration } from './configuration.js'
import type { Entrant, ModelCurve } from './report.js'

/** A configuration whose strategy has been found. */
export interface Chosen {
  readonly configuration: Configuration
  readonly strategy: ChosenStrategy
  /** File of its draft model, when it needs one. */
  readonly draft: string | undefined
}

/** Drafts what each prompt brings along as its prediction. */
const predictions: ChosenStrategy = { name: 'prediction', needsDraft: false, create: () => undefined }

/** Finds out what is wrong with any configuration, before a model is loaded. */
export function chooseAll(
  configurations: readonly Configuration[],
  flags: Pick<DraftingFlags, 'draftTemperature'> & { readonly draft: string | undefined },
): Promise<Chosen[]> {
  return Promise.all(
    configurations.map(async (configuration) => {
      if (configuration.strategy === predictions.name) {
        return { configuration, strategy: predictions, draft: undefined }
      }
      const draft = configuration.draft ?? flags.draft
      const draftTemperature = configuration.draftTemperature ?? flags.draftTemperature
      const strategy = await chooseStrategy(configuration.strategy, { hasDraft: draft !== undefined, draftTemperature })
      return { configuration, strategy, draft: strategy.needsDraft ? draft : undefined }
    }),
  )
}

/** Loads the draft models, each once. The caller disposes them. */
export async function openDrafts(
  chosen: readonly Chosen[],
  flags: ModelFlags,
  terminal: Terminal,
): Promise<Map<string, TimedModel>> {
  const drafts = new Map<string, TimedModel>()
  try {
    for (const { draft } of chosen) {
      if (draft === undefined || drafts.has(draft)) continue
      const { target: file } = await findModel(draft, terminal)
      drafts.set(draft, timed(await openModel(file, flags, terminal)))
    }
  } catch (error) {
    for (const model of drafts.values()) await model.dispose()
    throw error
  }
  return drafts
}

/** New strategies each time: what they remember of earlier prompts begins here. */
export function contendersOf(
  chosen: readonly Chosen[],
  drafts: ReadonlyMap<string, TimedModel>,
  flags: DraftingFlags,
): Contender[] {
  return chosen.map(({ configuration, strategy, draft }) => {
    const model = draft === undefined ? undefined : drafts.get(draft)
    return {
      name: configuration.name,
      strategy: strategy === predictions ? predicted : strategy.create(model),
      length: configuration.length ?? flags.length,
      draft: model,
    }
  })
}

/** @returns `undefined`, plain decoding, where the prompt has no prediction. */
function predicted({ prediction: text }: ContestPrompt): DraftStrategy | undefined {
  return text === undefined ? undefined : prediction({ text })
}

/** T(n) of the draft models, in the order of `drafts`. */
export async function draftCurves(
  drafts: ReadonlyMap<string, TimedModel>,
  options: Pick<PassCurveOptions, 'widths' | 'context' | 'signal'>,
): Promise<ModelCurve[]> {
  const curves: ModelCurve[] = []
  for (const model of drafts.values()) {
    const passes = await passCurve({ ...options, model, repetitions: 15, patienceMs: 5000 })
    curves.push({ model: model.description, passes })
  }
  return curves
}

/** @param curves Of the draft models, by file. */
export function entrantsOf(
  chosen: readonly Chosen[],
  flags: DraftingFlags,
  curves: ReadonlyMap<string, ModelCurve>,
): Entrant[] {
  return chosen.map(({ configuration, strategy, draft }) => {
    const length = configuration.length ?? flags.length
    return {
      name: configuration.name,
      strategy: configuration.strategy,
      length: strategy.name === 'none' ? 'none' : length.name,
      // A lookup may find nothing, so its drafts are not always as long as they may be.
      gamma: draft === undefined ? undefined : length.gamma,
      draftStepMs: draft === undefined ? undefined : curves.get(draft)!.passes[0]!.ms,
    }
  })
}
