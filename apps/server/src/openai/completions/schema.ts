import { z } from 'zod'
import { commonFields } from '../fields.js'

const tokens = z.array(z.int().min(0)).min(1)

/** The body of `POST /v1/completions`. */
export const completionSchema = z.strictObject({
  ...commonFields,
  prompt: z
    .union([z.string(), z.array(z.string()).min(1), tokens, z.array(tokens).min(1)])
    .describe('A text or its tokens, or several of them.'),
  max_tokens: commonFields.max_tokens.describe('Default 16.'),
  logprobs: z.int().min(0).max(5).nullish(),
  echo: z.boolean().nullish().describe('Puts the prompt in front of the text. Not with logprobs.'),
  best_of: z.int().nullish().describe('Only as many as n.'),
  suffix: z.literal('').nullish().describe('Not supported.'),
})
