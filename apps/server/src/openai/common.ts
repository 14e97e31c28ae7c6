import { badRequest } from '../http/errors.js'
import type { Engine, EngineRequest } from '../engine/engine.js'
import type { CommonRequest } from './fields.js'

export interface Limits {
  /** The most tokens that a choice may have. Default: what the context holds. */
  readonly maxTokens: number | undefined
}

/** What both APIs ask of the engine in the same way: all but the prompt, and what is to be said at most. @throws an `ApiError` */
export function commonRequest(request: CommonRequest, engine: Engine): EngineRequest {
  const { stream, stream_options, speculative, prediction } = request
  if (stream_options && !stream) throw badRequest("'stream_options' is only for streams.", 'stream_options')
  const { strategy } = speculative ?? {}
  if (strategy !== undefined && !engine.strategies.includes(strategy)) {
    const known = engine.strategies.join(', ') || 'none'
    throw badRequest(`There is no strategy '${strategy}': this server has ${known}.`, 'speculative.strategy')
  }
  return {
    temperature: request.temperature ?? 1,
    // No probability at all is held by the likeliest token alone.
    topP: Math.max(request.top_p ?? 1, Number.MIN_VALUE),
    topK: Math.max(request.top_k ?? 0, 0),
    minP: request.min_p ?? undefined,
    repetitionPenalty: request.repeat_penalty ?? undefined,
    presencePenalty: request.presence_penalty ?? undefined,
    frequencyPenalty: request.frequency_penalty ?? undefined,
    logitBias: biasOf(request, engine.target.vocabSize),
    stop: request.stop ?? undefined,
    seed: request.seed ?? undefined,
    speculative: speculative ?? undefined,
    prediction: predictionOf(prediction),
  }
}

/** @throws an `ApiError` for more than the server allows. */
export function tokenLimit(asked: number | null | undefined, limits: Limits, param: string): number | undefined {
  const most = limits.maxTokens
  if (most !== undefined && typeof asked === 'number' && asked > most) {
    throw badRequest(`'${param}' is ${asked}, but this server allows ${most}.`, param, 'invalid_value')
  }
  return asked ?? most
}

/** The choices of one prompt: alike but for their seeds. */
export function choicesOf(request: EngineRequest, n: number): EngineRequest[] {
  const { seed } = request
  return Array.from({ length: n }, (_, i) => (seed === undefined ? request : { ...request, seed: seed + i }))
}

function biasOf({ logit_bias: bias }: CommonRequest, vocabSize: number): Record<number, number> | undefined {
  const strange = Object.keys(bias ?? {}).find((token) => Number(token) >= vocabSize)
  if (strange !== undefined) {
    throw badRequest(`Token ${strange} is not in the vocabulary of ${vocabSize}.`, 'logit_bias')
  }
  return bias ?? undefined
}

function predictionOf(prediction: CommonRequest['prediction']): string | undefined {
  if (!prediction) return undefined
  const { content } = prediction
  const text = typeof content === 'string' ? content : content.map((part) => part.text).join('')
  return text === '' ? undefined : text
}
