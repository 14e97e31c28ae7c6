import type { TokenId } from '@foretoken/core'
import type { z } from 'zod'
import type { Engine } from '../../engine/engine.js'
import { badRequest } from '../../http/errors.js'
import { choicesOf, commonRequest, type Limits, tokenLimit } from '../common.js'
import type { Job } from '../job.js'
import { parse } from '../parse.js'
import { CompletionChoice } from './choice.js'
import { completionSchema } from './schema.js'

/** As OpenAI has it. */
const defaultTokens = 16
const mostChoices = 128

type Prompt = string | readonly TokenId[]

/** @throws an `ApiError` */
export function completionJob(body: unknown, engine: Engine, limits: Limits): Job {
  const request = parse(completionSchema, body)
  const { n, echo, logprobs } = request
  const each = n ?? 1
  if (typeof request.best_of === 'number' && request.best_of !== each) {
    throw badRequest("'best_of' other than 'n' is not supported: leave it out.", 'best_of')
  }
  if (echo && typeof logprobs === 'number')
    throw badRequest("'echo' is not supported together with 'logprobs'.", 'echo')
  const prompts = promptsOf(request.prompt)
  if (prompts.length * each > mostChoices) {
    throw badRequest(`A request can have ${mostChoices} choices: ask for fewer, or for fewer prompts.`, 'prompt')
  }
  const common = {
    ...commonRequest(request, engine),
    maxTokens: tokenLimit(request.max_tokens, limits, 'max_tokens') ?? defaultTokens,
    ...(typeof logprobs === 'number' && { topLogprobs: logprobs }),
  }
  const { tokenizer } = engine.target
  const before = (index: number): string => {
    const prompt = prompts[Math.floor(index / each)]!
    return typeof prompt === 'string' ? prompt : tokenizer.decode(prompt)
  }
  return {
    prompts: prompts.map((prompt) => choicesOf({ ...common, prompt }, each)),
    choice: (index) =>
      new CompletionChoice({
        index,
        tokenizer,
        before: echo ? before(index) : '',
        logprobs: typeof logprobs === 'number',
      }),
    stream: request.stream ?? false,
    includeUsage: request.stream_options?.include_usage ?? false,
    trace: request.speculative?.trace ?? false,
    idPrefix: 'cmpl',
    object: 'text_completion',
    chunkObject: 'text_completion',
    prompt: request.prompt,
  }
}

function promptsOf(prompt: z.infer<typeof completionSchema>['prompt']): readonly Prompt[] {
  if (typeof prompt === 'string') return [prompt]
  return typeof prompt[0] === 'number' ? [prompt as number[]] : (prompt as Prompt[])
}
