import { z } from 'zod'

const share = z.number().min(0).max(1).nullish()
const penalty = z.number().min(-2).max(2).nullish()
const limit = z.int().min(1).nullish()
/** What OpenAI takes and this server has no use for. */
const unused = z.unknown().optional()

const content = z.union([z.string(), z.array(z.object({ type: z.literal('text'), text: z.string() }))])

/** What both APIs take. `null` is as good as nothing, as with OpenAI. */
export const commonFields = {
  model: z.string(),
  max_tokens: limit,
  n: z.int().min(1).max(128).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z
    .object({ include_usage: z.boolean().nullish() })
    .nullish()
    .describe('Only with stream. include_usage: one more chunk with the usage before the end.'),
  temperature: z.number().min(0).max(2).nullish().describe('Default 1; 0 always takes the likeliest token.'),
  top_p: share,
  presence_penalty: penalty,
  frequency_penalty: penalty,
  logit_bias: z.record(z.string().regex(/^\d+$/), z.number().min(-100).max(100)).nullish(),
  prediction: z
    .object({ type: z.literal('content'), content })
    .nullish()
    .describe('What the text is expected to be: it is drafted from there.'),
  user: unused,

  top_k: z.int().min(-1).nullish().describe('Not of OpenAI. Keep the so many likeliest tokens; 0 or -1: all.'),
  min_p: share.describe('Not of OpenAI. Drop tokens less probable than this times the likeliest.'),
  repeat_penalty: z.number().gt(0).max(100).nullish().describe('Not of OpenAI. Divides the logits of tokens seen.'),
  speculative: z
    .strictObject({
      enabled: z.boolean().optional(),
      strategy: z.string().optional(),
      maxDraft: z.int().min(0).optional(),
      trace: z.boolean().optional(),
    })
    .nullish()
    .describe(
      "Not of OpenAI. Who drafts, and how much at most; enabled: false decodes plainly. trace: the stream's chunks tell " +
        'the origin of each token in foretoken.tokens, and with a correction the guesses that were refused.',
    ),
}

export type CommonRequest = z.infer<z.ZodObject<typeof commonFields>>

/** Taken by chats and without effect here. */
export const unusedChatFields = {
  metadata: unused,
  prompt_cache_key: unused,
  prompt_cache_options: unused,
  prompt_cache_retention: unused,
  reasoning_effort: unused,
  safety_identifier: unused,
  service_tier: unused,
  store: unused,
  verbosity: unused,
}
