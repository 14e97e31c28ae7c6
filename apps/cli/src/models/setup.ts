import type { ModelInfo } from '@foretoken/backend-llama'
import { forcedTokens, type GenerateOptions, type LanguageModel, speculationOutlook } from '@foretoken/core'
import { type FormatFlags, formatOf } from '../format-options.js'
import type { DraftingFlags, LimitFlags, ModelFlags } from '../options.js'
import { type SamplingFlags, samplingOf } from '../sampling-options.js'
import { chooseStrategy } from '../strategy/resolve.js'
import type { Terminal } from '../terminal/terminal.js'
import { demoNote } from './files.js'
import { findModels } from './find.js'
import { type LoadedModel, openModel, openTarget } from './load.js'

/** Everything that a generation needs but its prompt. */
export interface Setup {
  readonly model: LanguageModel
  readonly draft: LanguageModel | undefined
  /** As typed, or as chosen. */
  readonly strategy: string
  readonly length: string
  readonly options: Omit<GenerateOptions, 'prompt' | 'messages' | 'signal'>
  /** To be shown next to what comes out: a line each. */
  readonly note: string | undefined
  dispose(): Promise<void>
}

type Flags = ModelFlags & DraftingFlags & SamplingFlags & LimitFlags & FormatFlags

/** Chooses the strategy, then loads the models that it takes. */
export async function openSetup(flags: Flags, terminal: Terminal): Promise<Setup> {
  const files = await findModels(flags, terminal)
  const responseFormat = await formatOf(flags)
  const { draftTemperature, maxTokens, stop, length } = flags
  const strategy = await chooseStrategy(flags.strategy, { hasDraft: files.draft !== undefined, draftTemperature })
  const model = await openTarget(files.target, flags, terminal)
  let draft: LoadedModel | undefined
  try {
    if (strategy.needsDraft) draft = await openModel(files.draft!, flags, terminal)
  } catch (error) {
    await model.dispose()
    throw error
  }
  const created = strategy.create(draft)
  // What a format forces need not be asked of anybody.
  const wrapped = created && responseFormat && strategy.name !== 'forced' ? forcedTokens(created) : created
  return {
    model,
    draft,
    strategy: wrapped === created ? strategy.name : `forced, ${strategy.name}`,
    length: length.name,
    options: { ...samplingOf(flags), model, strategy: wrapped, length, maxTokens, stop, responseFormat },
    note: noteOn(files.demo, model, draft),
    async dispose() {
      await draft?.dispose()
      await model.dispose()
    },
  }
}

/** What the models are, when they are not what they seem; what speaks against drafts of the draft model, if it drafts. */
export function noteOn(
  demo: boolean,
  { passCurve, info }: Pick<LanguageModel, 'passCurve'> & { readonly info?: Pick<ModelInfo, 'experts'> },
  draft: Pick<LanguageModel, 'passCurve'> | undefined,
): string | undefined {
  const stepMs = draft?.passCurve?.[0]!.ms
  const outlook = draft && speculationOutlook({ curve: passCurve, stepMs, experts: info?.experts })
  return [demo && demoNote, outlook].filter(Boolean).join('\n') || undefined
}
