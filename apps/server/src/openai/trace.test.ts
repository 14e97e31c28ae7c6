import type { DraftStrategy } from '@foretoken/core'
import { ToyModel } from '@foretoken/core/testing'
import { expect, test } from 'vitest'
import { openEngine } from '../engine/open-engine.js'
import { Answering } from './answer.js'
import { completionJob } from './completions/job.js'

/** Says a, b, c, … */
const target = new ToyModel({
  vocabSize: 26,
  next: (context) => Array.from({ length: 26 }, (_, i) => (i === (context.at(-1)! + 1) % 26 ? 1 : 0)),
})

/** Right about the next letter, and wrong from then on. */
const hasty: DraftStrategy = {
  name: 'hasty',
  open: () => ({
    // It is asked every time, whatever the machine does meanwhile.
    weighsTime: true,
    propose: (context, { maxTokens }) => ({ tokens: [context.at(-1)! + 1, 25, 24].slice(0, maxTokens) }),
  }),
}

async function traced(speculative: object): Promise<object[]> {
  const engine = openEngine({ id: 'toy', target, strategies: { hasty } })
  const body = { model: 'toy', prompt: 'a', max_tokens: 7, temperature: 0, stream: true, speculative }
  const job = completionJob(body, engine, { maxTokens: undefined })
  const tokens: object[] = []
  for await (const frame of new Answering(engine, job, new AbortController().signal, () => {}).frames()) {
    if (!frame.includes('[DONE]')) tokens.push(...(JSON.parse(frame.slice(6)).foretoken?.tokens ?? []))
  }
  return tokens
}

test('a trace tells the guesses that were refused, as text, with the token that corrects them', async () => {
  expect(await traced({ trace: true })).toEqual([
    { text: 'b', origin: 'accepted' },
    { text: 'c', origin: 'corrected', refused: ['z', 'y'] },
    { text: 'd', origin: 'accepted' },
    { text: 'e', origin: 'corrected', refused: ['z', 'y'] },
    { text: 'f', origin: 'accepted' },
    { text: 'g', origin: 'corrected', refused: ['z'] },
    { text: 'h', origin: 'plain' },
  ])
})

test('nobody is told who did not ask', async () => {
  expect(await traced({})).toEqual([])
})
