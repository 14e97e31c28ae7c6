import type { ModelInfo } from '@foretoken/backend-llama'
import { ForetokenError } from '@foretoken/core'
import { type LocatedModel, locateModel, type PullOptions, type Vocabulary, vocabularyOf } from '@foretoken/hub'
import { inspectModel } from '@foretoken/backend-llama'

/** What the head of a model says. */
export interface LookedAt {
  readonly model: LocatedModel
  readonly info: ModelInfo
  readonly vocabulary: Vocabulary
  /** As the file calls itself: the model and what it was made from. */
  readonly names: readonly (string | undefined)[]
}

/**
 * Looks into the head of a model: here, or on the Hub without its weights.
 *
 * @throws As `locateModel` and `inspectModel`; `model-file` for a model without a vocabulary.
 */
export async function lookAt(text: string, options: PullOptions): Promise<LookedAt> {
  const model = await locateModel(text, options)
  const info = await (model.open ? inspectModel(model.path, model.open) : inspectModel(model.path))
  const metadata = await model.metadata()
  const vocabulary = vocabularyOf(metadata)
  if (!vocabulary) {
    throw new ForetokenError('model-file', `${text} has no vocabulary: it is no language model. Pass another file.`)
  }
  const basename = metadata.get('general.basename')
  const names = [model.name, model.path, info.name, basename?.type === 'string' ? basename.value : undefined]
  return { model, info, vocabulary, names }
}
