import { z } from 'zod'
import { chatFields } from '../../tools/index.js'
import { commonFields, unusedChatFields } from '../fields.js'

const schema = z.union([z.boolean(), z.record(z.string(), z.unknown())])

/** The body of `POST /v1/chat/completions`. */
export const chatSchema = z.strictObject({
  ...commonFields,
  ...chatFields,
  ...unusedChatFields,
  max_completion_tokens: commonFields.max_tokens,
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  response_format: z
    .discriminatedUnion('type', [
      z.object({ type: z.literal('text') }),
      z.object({ type: z.literal('json_object') }),
      z.object({ type: z.literal('json_schema'), json_schema: z.object({ schema: schema.nullish() }) }),
    ])
    .nullish(),
  modalities: z.array(z.literal('text')).nullish(),
})

export type ChatBody = z.infer<typeof chatSchema>
