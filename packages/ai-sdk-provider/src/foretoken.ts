import type { LanguageModelV3CallOptions, LanguageModelV4 } from '@ai-sdk/provider'
import { automaticLength, whereThereIsRoom } from '@foretoken/core'
import type { DraftStrategy, LanguageModel, LengthPolicy } from '@foretoken/core'
import { type CallOptions, prepareCall } from './call.js'
import { type CallResult, collect } from './collect.js'
import { asSdkError } from './errors.js'
import { run, type StreamPart } from './run.js'
import { sequencesOf } from './sequences.js'
import { streamOf } from './stream.js'

export interface ForetokenSettings {
  /** The target: the model whose words are wanted, loaded by any backend. It stays yours to dispose. */
  readonly model: LanguageModel
  /** Who drafts. Without one the target decodes plainly; so do calls for which its models have no sequence left. */
  readonly strategy?: DraftStrategy | undefined
  /** How much is drafted in a round. Default: `automaticLength()`, which drafts what pays. */
  readonly length?: LengthPolicy | undefined
  /** What the AI SDK calls the model in results and logs. Default: the model's `description`. */
  readonly modelId?: string | undefined
}

/**
 * A loaded model for the AI SDK 7: goes wherever the SDK takes a `model`.
 *
 * As many calls run at once as the model has sequences, in shared passes; further ones wait for their turn. A sequence stays
 * open after its call, so that a conversation's next call reads only what is new.
 *
 * Calls throw `InvalidPromptError` (too long, or refused by the chat template), `InvalidArgumentError` and
 * `UnsupportedFunctionalityError` of the SDK, a `ForetokenError` for what it has no class for, or the signal's reason.
 */
export function foretoken(settings: ForetokenSettings): LanguageModelV4 {
  return { specificationVersion: 'v4', ...common(settings) }
}

/**
 * A model as the AI SDK 6 takes it: its `LanguageModelV3`. Spelled out here, as the types of that name that the SDK 7 brings
 * along are not those of the SDK 6.
 */
export interface ForetokenV3 {
  readonly specificationVersion: 'v3'
  readonly provider: string
  readonly modelId: string
  readonly supportedUrls: Record<string, RegExp[]>
  doGenerate(options: LanguageModelV3CallOptions): Promise<CallResult>
  doStream(options: LanguageModelV3CallOptions): Promise<{ readonly stream: ReadableStream<StreamPart> }>
}

/** The same for the AI SDK 6. */
export function foretokenV3(settings: ForetokenSettings): ForetokenV3 {
  return { specificationVersion: 'v3', ...common(settings) }
}

/** What both versions of the interface have alike. */
function common({ model, strategy, length = automaticLength(), modelId = model.description }: ForetokenSettings) {
  const sequences = sequencesOf(model)
  const drafting = strategy && whereThereIsRoom(strategy)
  const prepare = (options: CallOptions) =>
    prepareCall(options, { model: sequences.model, strategy: drafting, length, modelId })
  return {
    provider: 'foretoken',
    modelId,
    supportedUrls: {},
    async doGenerate(options: CallOptions): Promise<CallResult> {
      try {
        const call = await prepare(options)
        return await collect(run(call, sequences, options.abortSignal))
      } catch (error) {
        throw asSdkError(error, options)
      }
    },
    async doStream(options: CallOptions): Promise<{ stream: ReadableStream<StreamPart> }> {
      try {
        const call = await prepare(options)
        return { stream: streamOf((stop) => run(call, sequences, stop), options) }
      } catch (error) {
        throw asSdkError(error, options)
      }
    },
  }
}
