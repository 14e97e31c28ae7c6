import { fixedLength, generate, promptLookup } from '@foretoken/core'
import { randomTable, ToyModel } from '@foretoken/core/testing'
import { expect, test } from 'vitest'
import { recording, type TimedRound, UsualRounds } from './usual-times.js'

const round = (drafted: number, passMs: number, draftMs = 0): TimedRound => ({
  drafted,
  tokens: 1,
  draftMs,
  passMs,
  restMs: 0,
})

test('what the machine did meanwhile does not count', () => {
  const usual = new UsualRounds()
  for (const ms of [10, 10, 10, 10, 400]) usual.add('a', round(0, ms))
  expect(usual.of('a', round(0, 400))).toBe(10)
})

test('passes are anybody’s, drafts are those of their drafter', () => {
  const usual = new UsualRounds()
  for (let i = 0; i < 5; i++) {
    usual.add('quick', round(3, 20, 1))
    usual.add('slow', round(3, 22, 5))
  }
  // The longest fifth of the ten passes is left out.
  expect(usual.of('quick', round(3, 0))).toBeCloseTo((5 * 20 + 3 * 22) / 8 + 1)
  expect(usual.of('slow', round(3, 0)) - usual.of('quick', round(3, 0))).toBeCloseTo(4)
  expect(usual.of('quick', round(4, 0))).toBeNaN()
})

test('a policy that is recorded drafts as before', async () => {
  const model = new ToyModel({ vocabSize: 3, next: randomTable({ seed: 1, vocabSize: 3, order: 1 }) })
  const rounds: TimedRound[] = []
  const options = { model, prompt: [0, 1, 0, 1], maxTokens: 40, strategy: promptLookup({ shortest: 1 }) }
  const run = (length = fixedLength(3)) => generate({ ...options, length }).result()
  const [plain, recorded] = [await run(), await run(recording(fixedLength(3), rounds))]
  expect(recorded.stats.acceptedPerRound).toEqual(plain.stats.acceptedPerRound)
  expect(rounds).toHaveLength(recorded.stats.passes)
  expect(rounds.reduce((sum, { drafted }) => sum + drafted, 0)).toBe(recorded.stats.drafted)
  expect(rounds.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(40)
})

test('a track begins after the first round, and spreads tokens that came together evenly', () => {
  const usual = new UsualRounds()
  const rounds = [round(0, 500), { ...round(1, 30), tokens: 2 }, round(0, 10)]
  for (const each of [...rounds, round(0, 10), round(0, 10)]) usual.add('a', each)
  expect(usual.track('a', rounds).msAt).toEqual([0, 15, 30, 40])
})
