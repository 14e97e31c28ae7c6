import type { GenerateResult } from '@foretoken/core'
import { expect, test } from 'vitest'
import type { Outcome } from './say.js'
import { usageOf } from './usage.js'

function outcome(cachedTokens: number, drafters: object): Outcome {
  const result = { stats: { cachedTokens, length: { drafters } } } as unknown as GenerateResult
  return { promptTokens: 100, tokens: 20, result }
}

test('the choices of a prompt read it once; what was predicted is told apart from what others drafted', () => {
  const share = (drafted: number, accepted: number): object => ({ rounds: 5, drafted, accepted })
  const first = outcome(0, { prediction: share(12, 9), 'draft-model': share(7, 7) })
  const second = outcome(99, { prediction: share(3, 3) })
  expect(usageOf([[first, second], [second]])).toEqual({
    prompt_tokens: 200,
    completion_tokens: 60,
    total_tokens: 260,
    prompt_tokens_details: { cached_tokens: 99 },
    completion_tokens_details: { accepted_prediction_tokens: 15, rejected_prediction_tokens: 3 },
  })
})

test('a choice that was complete before its model ended it', () => {
  const usage = usageOf([[{ promptTokens: 5, tokens: 7, result: undefined }]])
  expect(usage).toMatchObject({ prompt_tokens: 5, completion_tokens: 7, prompt_tokens_details: { cached_tokens: 0 } })
})
