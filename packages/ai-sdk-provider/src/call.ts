import { InvalidPromptError, type LanguageModelV3CallOptions, type LanguageModelV4CallOptions } from '@ai-sdk/provider'
import { checkRequest, firstOf, ForetokenError, prediction } from '@foretoken/core'
import type { DraftStrategy, GenerateOptions, LanguageModel, LengthPolicy, ResponseFormat } from '@foretoken/core'
import { type Chat, prepareChat, type PreparedChat, type ToolCallParser } from '@foretoken/core/chat'
import { messagesOf } from './prompt.js'
import { providerOptionsOf } from './provider-options.js'
import { toolUse } from './tools.js'
import { Warnings } from './warnings.js'

/** What the SDK asks for, in either version of its interface. */
export type CallOptions = LanguageModelV4CallOptions | LanguageModelV3CallOptions

/** What all calls of a model have alike. */
interface Common {
  readonly model: LanguageModel
  readonly strategy: DraftStrategy | undefined
  readonly length: LengthPolicy
  readonly modelId: string
}

/** A call that was found to be in order. */
export interface Call {
  readonly modelId: string
  readonly generate: GenerateOptions & { readonly prompt: PreparedChat['prompt'] }
  readonly parser: ToolCallParser
  readonly warnings: Warnings
}

/** @throws the SDK's `InvalidPromptError`, or what core throws for the request. */
export async function prepareCall(options: CallOptions, { model, strategy, length, modelId }: Common): Promise<Call> {
  const warnings = new Warnings()
  const own = providerOptionsOf(options)
  const chat = written(
    { messages: messagesOf(options.prompt, warnings), ...toolUse(options, warnings) },
    model,
    options,
  )
  const responseFormat = chat.responseFormat ?? formatOf(options, warnings)
  if ('reasoning' in options && options.reasoning !== undefined && options.reasoning !== 'provider-default') {
    warnings.unsupported(
      'reasoning',
      "How much a model thinks is up to its chat template: say it in the model's own way.",
    )
  }
  const request = {
    model,
    prompt: chat.prompt,
    strategy: own.speculative === false ? undefined : draftingOf(strategy, own.prediction),
    length,
    verifier: own.verifier,
    maxTokens: options.maxOutputTokens,
    temperature: options.temperature,
    // The SDK takes 0 for the likeliest token alone.
    topP: options.topP === 0 ? Number.MIN_VALUE : options.topP,
    topK: options.topK,
    presencePenalty: options.presencePenalty,
    frequencyPenalty: options.frequencyPenalty,
    stop: options.stopSequences,
    seed: options.seed,
    responseFormat,
  }
  checkRequest(request)
  const compiled = await compile(model, responseFormat)
  return { modelId, generate: { ...request, responseFormat: compiled }, parser: chat.parser(), warnings }
}

function written(chat: Chat, { tokenizer }: LanguageModel, { prompt }: CallOptions): PreparedChat {
  try {
    return prepareChat(chat, tokenizer)
  } catch (cause) {
    if (!ForetokenError.is(cause, 'unsupported')) throw cause
    throw new InvalidPromptError({ prompt, message: cause.message, cause })
  }
}

function draftingOf(strategy: DraftStrategy | undefined, expected: string | undefined): DraftStrategy | undefined {
  if (expected === undefined) return strategy
  return firstOf(prediction({ text: expected }), ...(strategy ? [strategy] : []))
}

function formatOf(options: CallOptions, warnings: Warnings): ResponseFormat | undefined {
  const { responseFormat: format, tools = [], toolChoice } = options
  if (format?.type !== 'json') return undefined
  if (tools.length > 0 && toolChoice?.type !== 'none') {
    warnings.unsupported(
      'tools together with an output format',
      "The answer is held to the format, so no tool is called. Set toolChoice to 'required' in the steps that are to call one, and to 'none' in the last (prepareStep).",
    )
  }
  return { type: 'json', schema: format.schema as { readonly [keyword: string]: unknown } | undefined }
}

/** Before the call begins: a schema that is not understood is no error in the middle of a stream. */
async function compile(model: LanguageModel, format: ResponseFormat | undefined): Promise<ResponseFormat | undefined> {
  if (!format || 'open' in format || format.type === 'text') return format
  if (model.constrain) return model.constrain(format)
  throw new ForetokenError(
    'unsupported',
    `${model.description} cannot hold its text to a format: leave out the output schema and forced tools, or use another backend.`,
  )
}
