import { draftModel, generate, type DraftStrategy } from '@foretoken/core'
import { randomTable, ToyModel } from '@foretoken/core/testing'
import { expect, it } from 'vitest'
import { Draftings } from './drafting.js'

// Passes over several tokens cost as little as passes over one, so drafts are long at once.
const target = Object.assign(new ToyModel({ next: randomTable({ seed: 1, vocabSize: 4 }) }), {
  passCurve: Array.from({ length: 16 }, (_, i) => ({ tokens: i + 1, ms: 10 })),
})
const drafter = { propose: () => ({ tokens: [] }) }
const strategy = (): DraftStrategy => ({ name: 'guess', open: () => drafter })
const firstDraft = (maxDraft?: number) => {
  const drafting = new Draftings(target, { guess: strategy() }).for({ speculative: { maxDraft } })
  return drafting.length.open({ target, strategy: drafting.strategy!, drafter }).next(10)
}

it('drafts as much as pays, and no more than is wished', () => {
  expect(firstDraft()).toBeGreaterThan(2)
  expect(firstDraft(2)).toBe(2)
  expect(firstDraft(0)).toBe(0)
})

it('tells which strategies there are', () => {
  expect(() => new Draftings(target, { guess: strategy() }).for({ speculative: { strategy: 'other' } })).toThrow(
    expect.objectContaining({ code: 'invalid-argument', message: expect.stringContaining('guess') }),
  )
})

it('decodes plainly what a draft model has no sequence for', async () => {
  const next = randomTable({ seed: 1, vocabSize: 4 })
  const small = new ToyModel({ next, maxSequences: 1 })
  const drafting = new Draftings(target, { small: draftModel({ model: small }) }).for({})
  const ask = () => generate({ model: target, prompt: [1], maxTokens: 20, ...drafting })
  const [first, second] = await Promise.all([ask().result(), ask().result()])
  expect([first.stats.drafted > 0, second.stats.drafted]).toEqual([true, 0])
  expect(second.tokens).toEqual(first.tokens)
  expect((await ask().result()).stats.drafted).toBeGreaterThan(0)
})

it('does not take a draft model of another vocabulary for one without room', async () => {
  const other = new ToyModel({ vocabSize: 5, next: randomTable({ seed: 1, vocabSize: 5 }) })
  const { strategy } = new Draftings(target, { other: draftModel({ model: other }) }).for({})
  await expect(generate({ model: target, prompt: [1], strategy }).result()).rejects.toMatchObject({
    code: 'vocabulary-mismatch',
  })
})
