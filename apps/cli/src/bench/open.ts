import type { LanguageModel } from '@foretoken/core'
import { type Contender } from '../measure/contest.js'
import { passCurve } from '../measure/pass-curve.js'
import { timed, type TimedModel } from '../measure/timed.js'
import { openModel } from '../models/load.js'
import type { DraftingFlags, ModelFlags } from '../options.js'
import { chooseStrategy, type ChosenStrategy } from '../strategy/resolve.js'
import type { Terminal } from '../terminal/terminal.js'
import type { Configuration } from './configuration.js'
import type { Entrant } from './report.js'

/** A configuration whose strategy has been found. */
export interface Chosen {
  readonly configuration: Configuration
  readonly strategy: ChosenStrategy
  /** File of its draft model, when it needs one. */
  readonly draft: string | undefined
}

/** Finds out what is wrong with any configuration, before a model is loaded. */
export function chooseAll(
  configurations: readonly Configuration[],
  flags: Pick<DraftingFlags, 'draftTemperature'> & { readonly draft: string | undefined },
): Promise<Chosen[]> {
  return Promise.all(
    configurations.map(async (configuration) => {
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
      if (draft !== undefined && !drafts.has(draft)) drafts.set(draft, timed(await openModel(draft, flags, terminal)))
    }
  } catch (error) {
    for (const model of drafts.values()) await model.dispose()
    throw error
  }
  return drafts
}

export function contendersOf(
  chosen: readonly Chosen[],
  drafts: ReadonlyMap<string, TimedModel>,
  flags: DraftingFlags,
): Contender[] {
  return chosen.map(({ configuration, strategy, draft }) => {
    const model = draft === undefined ? undefined : drafts.get(draft)
    return {
      name: configuration.name,
      strategy: strategy.create(model),
      length: configuration.length ?? flags.length,
      draft: model,
    }
  })
}

/** Measures the draft models' steps. */
export async function entrantsOf(
  chosen: readonly Chosen[],
  contenders: readonly Contender[],
  context: readonly number[],
  signal: AbortSignal,
): Promise<Entrant[]> {
  const steps = new Map<LanguageModel, number>()
  for (const { draft } of contenders) {
    if (!draft || steps.has(draft)) continue
    const [step] = await passCurve({ model: draft, widths: [1], context, repetitions: 15, patienceMs: 3000, signal })
    steps.set(draft, step!.ms)
  }
  return contenders.map(({ name, length, draft, strategy }, i) => ({
    name,
    strategy: chosen[i]!.configuration.strategy,
    length: strategy ? length!.name : 'none',
    // A lookup may find nothing, so its drafts are not always as long as they may be.
    gamma: draft ? length?.gamma : undefined,
    draftStepMs: draft && steps.get(draft),
  }))
}
