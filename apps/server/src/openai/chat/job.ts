import type { FormatDescription } from '@foretoken/core'
import type { Engine } from '../../engine/engine.js'
import { badRequest } from '../../http/errors.js'
import { prepareChat } from '../../tools/index.js'
import { choicesOf, commonRequest, type Limits, tokenLimit } from '../common.js'
import type { Job } from '../job.js'
import { parse } from '../parse.js'
import { ChatChoice } from './choice.js'
import { type ChatBody, chatSchema } from './schema.js'

/** @throws an `ApiError`, or what core throws for the request. */
export function chatJob(body: unknown, engine: Engine, limits: Limits): Job {
  const request = parse(chatSchema, body)
  const chat = prepareChat(request, engine.target.tokenizer)
  const logprobs = request.logprobs ?? false
  if (typeof request.top_logprobs === 'number' && !logprobs) {
    throw badRequest("'top_logprobs' needs 'logprobs' to be true.", 'top_logprobs')
  }
  const one = {
    ...commonRequest(request, engine),
    prompt: chat.prompt,
    maxTokens: limitOf(request, limits),
    responseFormat: chat.responseFormat ?? formatOf(request),
    ...(logprobs && { topLogprobs: request.top_logprobs ?? 0 }),
  }
  const { tokenizer } = engine.target
  return {
    prompts: [choicesOf(one, request.n ?? 1)],
    choice: (index) => new ChatChoice({ index, parser: chat.parser(), logprobs, tokenizer }),
    stream: request.stream ?? false,
    includeUsage: request.stream_options?.include_usage ?? false,
    trace: request.speculative?.trace ?? false,
    idPrefix: 'chatcmpl',
    object: 'chat.completion',
    chunkObject: 'chat.completion.chunk',
    prompt: request.messages,
  }
}

function limitOf({ max_tokens, max_completion_tokens }: ChatBody, limits: Limits): number | undefined {
  if (typeof max_tokens === 'number' && typeof max_completion_tokens === 'number') {
    throw badRequest("Give either 'max_tokens' or 'max_completion_tokens'.", 'max_tokens')
  }
  return typeof max_tokens === 'number'
    ? tokenLimit(max_tokens, limits, 'max_tokens')
    : tokenLimit(max_completion_tokens, limits, 'max_completion_tokens')
}

function formatOf({ response_format: format }: ChatBody): FormatDescription | undefined {
  if (format?.type === 'json_object') return { type: 'json', schema: { type: 'object' } }
  return format?.type === 'json_schema' ? { type: 'json', schema: format.json_schema.schema ?? true } : undefined
}
