import {
  draftModel,
  forcedTokens,
  ForetokenError,
  prediction,
  promptLookup,
  router,
  staticCorpus,
  suffixDecoding,
  tokenRecycling,
  type DraftStrategy,
  type LanguageModel,
} from '@foretoken/core'
import { fileStore, readDocuments, readText } from './files.js'
import { loadPlugin } from './plugin.js'

export interface NamedOptions {
  readonly hasDraft: boolean
  readonly draftTemperature?: number | undefined
}

export interface NamedStrategy {
  readonly needsDraft: boolean
  create(draft?: LanguageModel): DraftStrategy
}

const names =
  'auto, draft-model, prompt-lookup, suffix, suffix:<file>, recycling, prediction:<file>, corpus:<file or folder>, forced, none'

/**
 * One strategy by its name, with a file where it takes one (`suffix:memory.bin`), or by the path of a plugin.
 *
 * @throws `invalid-argument`, `strategy`
 */
export async function namedStrategy(text: string, options: NamedOptions): Promise<NamedStrategy> {
  const colon = text.indexOf(':')
  const [name, file] = colon < 0 ? [text, undefined] : [text.slice(0, colon), text.slice(colon + 1)]
  if (file === '') throw refused(`There is no file after ${text}.`)
  if (file === undefined && (name === 'prediction' || name === 'corpus')) {
    throw refused(`The strategy ${name} needs to know where: ${name}:<file>.`)
  }
  switch (name) {
    case 'suffix': {
      const store = file === undefined ? undefined : await fileStore(file)
      return modelFree(() => suffixDecoding({ ...(store && { store }) }))
    }
    case 'prediction': {
      const expected = await readText(file!)
      return modelFree(() => prediction({ text: expected }))
    }
    case 'corpus': {
      const documents = await readDocuments(file!)
      return modelFree(() => staticCorpus({ documents }))
    }
  }
  if (looksLikePath(text)) {
    const strategy = await loadPlugin(text)
    return modelFree(() => strategy)
  }
  switch (text) {
    case 'auto':
      return everything(options)
    case 'prompt-lookup':
      return modelFree(() => promptLookup())
    case 'recycling':
      return modelFree(() => tokenRecycling())
    case 'forced':
      return modelFree(() => forcedTokens())
    case 'draft-model':
      return modelDrafts(options)
  }
  throw refused(`There is no strategy ${text}: use ${names}, or the path of a plugin file (./${text}.ts).`)
}

export function looksLikePath(name: string): boolean {
  return /[/\\]|\.[cm]?[jt]s$/.test(name)
}

function modelFree(create: () => DraftStrategy): NamedStrategy {
  return { needsDraft: false, create }
}

/** Whoever pays best: the text itself and what was said before, and the draft model if there is one. */
function everything(options: NamedOptions): NamedStrategy {
  if (!options.hasDraft) return modelFree(() => suffixDecoding())
  const model = modelDrafts(options)
  return { needsDraft: true, create: (draft) => router(suffixDecoding(), model.create(draft)) }
}

function modelDrafts({ hasDraft, draftTemperature: temperature }: NamedOptions): NamedStrategy {
  if (!hasDraft) throw refused('The strategy draft-model needs a draft: pass --draft <file>.')
  return {
    needsDraft: true,
    create: (draft) => draftModel({ model: draft!, ...(temperature !== undefined && { temperature }) }),
  }
}

function refused(why: string): ForetokenError {
  return new ForetokenError('invalid-argument', why)
}
