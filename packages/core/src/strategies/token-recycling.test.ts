import { describe, expect, it } from 'vitest'
import { generate } from '../generate.js'
import { fixedLength } from '../length/fixed.js'
import { createChance } from '../sampling/chance.js'
import { createSampler } from '../sampling/chain.js'
import type { Drafter } from '../strategy.js'
import { strategyConformance } from '../testing/strategy-conformance.js'
import { randomTable, ToyModel } from '../testing/toy-model.js'
import { tokenRecycling } from './token-recycling.js'

const vocabSize = 8
const toy = () => new ToyModel({ vocabSize, next: randomTable({ seed: 1, vocabSize, order: 1 }), maxSequences: 8 })
const request = { chance: createChance(1), goOn: () => true, wantsConfidence: false, maxTokens: 4 }
const open = async (strategy = tokenRecycling()) => strategy.open({ target: toy(), sampler: createSampler() })
const propose = async (drafter: Drafter, context: number[], rest = {}) =>
  (await drafter.propose(context, { ...request, ...rest })).tokens
/** What the target says after each row. */
const rows = (...likeliest: number[]) => ({ likeliest: (row: number) => [likeliest[row]!] })

describe('token recycling conforms', () => {
  it.each(strategyConformance(() => tokenRecycling()))('$name', ({ run }) => run())
})

describe('tokenRecycling', () => {
  it('drafts the likeliest successors, one after the other', async () => {
    const drafter = await open()
    expect(await propose(drafter, [1])).toEqual([])
    drafter.observe!({ accepted: 0, next: 2 }, rows(2))
    expect(await propose(drafter, [1, 2])).toEqual([])
    drafter.observe!({ accepted: 0, next: 3 }, rows(3))
    expect(await propose(drafter, [5, 1])).toEqual([2, 3])
  })

  it('learns from what the target thought of refused tokens, and of rounds without a draft', async () => {
    const drafter = await open()
    await propose(drafter, [1])
    drafter.observe!({ accepted: 0, next: 2 }, rows(2))
    // Nobody asked: the round began with token 2.
    drafter.observe!({ accepted: 0, next: 4 }, rows(4))
    expect(await propose(drafter, [1])).toEqual([2, 4])
    // Both are refused; after 2 the target would have said 5, after 4 6.
    drafter.observe!({ accepted: 0, next: 7 }, rows(7, 5, 6))
    expect(await propose(drafter, [1])).toEqual([7])
    expect(await propose(drafter, [2])).toEqual([5])
    expect(await propose(drafter, [4])).toEqual([6])
  })

  it('tells what it withholds', async () => {
    const drafter = await open()
    await propose(drafter, [1])
    drafter.observe!({ accepted: 0, next: 2 }, rows(2))
    expect(await drafter.propose([1], { ...request, goOn: () => false })).toEqual({ tokens: [], withheld: 2 })
    expect(await drafter.propose([1], request)).toEqual({ tokens: [2] })
  })

  it('is as sure as it was right after this token', async () => {
    const drafter = await open()
    const confidence = async (context: number[]): Promise<number> => {
      let seen = NaN
      await propose(drafter, context, { goOn: (_: number, value = NaN) => ((seen = value), false) })
      return seen
    }
    const round = async (token: number, next: number) => {
      await propose(drafter, [token], { maxTokens: 1 })
      drafter.observe!({ accepted: 0, next }, rows(next, 0))
    }
    await round(1, 2)
    await round(3, 4)
    const before = await confidence([1])
    for (let i = 0; i < 5; i++) {
      const [drafted] = await propose(drafter, [1], { maxTokens: 1 })
      drafter.observe!({ accepted: 1, next: 0 }, rows(drafted!, 0))
      await round(3, i % 2 === 0 ? 5 : 4)
    }
    expect(await confidence([1])).toBeGreaterThan(before)
    expect(await confidence([3])).toBeLessThan(before)
  })

  it('is right about a target that looks at one token, once it has seen all, and for the next generation too', async () => {
    const strategy = tokenRecycling()
    const run = () => generate({ model: toy(), prompt: [0], maxTokens: 40, strategy, length: fixedLength(4) }).result()
    await run()
    const { stats } = await run()
    expect(stats.alpha).toBe(1)
  })

  it('refuses another vocabulary than its first', async () => {
    const strategy = tokenRecycling()
    await open(strategy)
    const target = new ToyModel({ next: () => [1, 0, 0, 0] })
    expect(() => strategy.open({ target, sampler: createSampler() })).toThrow('another vocabulary')
  })
})
