import type { DraftStrategy } from '@foretoken/core'
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
