import {
  draftModel,
  forcedTokens,
  ForetokenError,
  promptLookup,
  type DraftStrategy,
  type LanguageModel,
} from '@foretoken/core'
import { loadPlugin } from './plugin.js'

/** A strategy that has been chosen, but may still need a draft model to be loaded. */
export interface ChosenStrategy {
  /** As shown to people, and as typed: `draft-model`, `./mine.ts`. */
  readonly name: string
  readonly needsDraft: boolean
  /** @param draft The draft model, when {@link needsDraft}. @returns `undefined` for plain decoding. */
  create(draft?: LanguageModel): DraftStrategy | undefined
}

const names = ['draft-model', 'prompt-lookup', 'forced', 'none'] as const

/**
 * The strategy that goes by `name`, or that a plugin file gives. Everything that can be wrong with the choice itself is
 * found out here, before a model is loaded.
 *
 * @param name Default: `draft-model` when there is a draft, else `prompt-lookup`.
 * @throws `invalid-argument` for an unknown name, `strategy` for a bad plugin.
 */
export async function chooseStrategy(
  name: string | undefined,
  options: { readonly hasDraft: boolean; readonly draftTemperature?: number | undefined },
): Promise<ChosenStrategy> {
  const { hasDraft, draftTemperature: temperature } = options
  const chosen = name ?? (hasDraft ? 'draft-model' : 'prompt-lookup')
  switch (chosen) {
    case 'none':
      return { name: chosen, needsDraft: false, create: () => undefined }
    case 'prompt-lookup':
      return { name: chosen, needsDraft: false, create: () => promptLookup() }
    case 'forced':
      return { name: chosen, needsDraft: false, create: () => forcedTokens() }
    case 'draft-model':
      if (!hasDraft)
        throw new ForetokenError('invalid-argument', 'The strategy draft-model needs a draft: pass --draft <file>.')
      return {
        name: chosen,
        needsDraft: true,
        create: (draft) => draftModel({ model: draft!, ...(temperature !== undefined && { temperature }) }),
      }
  }
  if (!looksLikePath(chosen)) {
    throw new ForetokenError(
      'invalid-argument',
      `There is no strategy ${chosen}: use ${names.join(', ')}, or the path of a plugin file (./${chosen}.ts).`,
    )
  }
  const strategy = await loadPlugin(chosen)
  return { name: chosen, needsDraft: false, create: () => strategy }
}

function looksLikePath(name: string): boolean {
  return /[/\\]|\.[cm]?[jt]s$/.test(name)
}
