import { describe, expect, it } from 'vitest'
import { generate } from '../generate.js'
import { fixedLength } from '../length/fixed.js'
import { confidenceLength } from '../length/confidence.js'
import type { DraftStrategy } from '../strategy.js'
import { createChance } from '../sampling/chance.js'
import { createSampler } from '../sampling/chain.js'
import { coupledChance } from '../sampling/coupled-chance.js'
import { Distribution } from '../sampling/distribution.js'
import { strategyConformance } from '../testing/strategy-conformance.js'
import { randomTable, ToyModel } from '../testing/toy-model.js'
import { draftModel } from './draft-model.js'
import { promptLookup } from './prompt-lookup.js'

const vocabSize = 4
const toy = (seed: number) =>
  new ToyModel({ vocabSize, next: randomTable({ seed, vocabSize, order: 2 }), maxSequences: 8 })

describe('draft-model conforms', () => {
  it.each(strategyConformance(() => draftModel({ model: toy(2) })))('$name', ({ run }) => run())
})
describe('draft-model with a temperature of its own conforms', () => {
  it.each(strategyConformance(() => draftModel({ model: toy(2), temperature: 0.5 })))('$name', ({ run }) => run())
})
describe('draft-model with argmax drafts conforms', () => {
  it.each(strategyConformance(() => draftModel({ model: toy(2), temperature: 0 })))('$name', ({ run }) => run())
})
describe('prompt-lookup conforms', () => {
  it.each(strategyConformance(() => promptLookup({ shortest: 1 })))('$name', ({ run }) => run())
})

describe('the suite notices a strategy', () => {
  const once = (propose: Awaited<ReturnType<DraftStrategy['open']>>['propose']): DraftStrategy => ({
    name: 'mutant',
    open: () => ({ propose }),
  })
  const skewed = Distribution.of(Float64Array.of(1, 2, 3, 4))
  const flat = Distribution.of(Float64Array.of(1, 1, 1, 1))
  it.each([
    ['that drafts too much', once(() => ({ tokens: [0, 1, 2, 3, 0, 1] }))],
    ['that drafts what is no token', once(() => ({ tokens: [vocabSize] }))],
    ['that does not stop', once((_, { maxTokens }) => ({ tokens: Array<number>(maxTokens).fill(0) }))],
    [
      'that reports another q than it draws from',
      once((_, { chance, goOn }) =>
        goOn(0, 0.5) ? { tokens: [chance.draw(flat)], distributions: [skewed] } : { tokens: [] },
      ),
    ],
    [
      'that writes into the context',
      once((context, { goOn }) => ((context as number[]).push(0), goOn(0, 1) ? { tokens: [0] } : { tokens: [] })),
    ],
  ])('%s', async (_, strategy) => {
    const outcomes = await Promise.allSettled(strategyConformance(() => strategy).map(({ run }) => run()))
    expect(outcomes.some(({ status }) => status === 'rejected')).toBe(true)
  })
})

describe('draftModel', () => {
  it('takes one pass of the draft for each token, and none for what was accepted', async () => {
    const target = toy(1)
    const draft = toy(1)
    const { stats } = await generate({
      model: target,
      prompt: [0],
      maxTokens: 41,
      strategy: draftModel({ model: draft }),
      length: fixedLength(4),
    }).result()
    expect(stats.alpha).toBe(1)
    expect(stats.drafted).toBe(draft.passes)
  })

  describe('that keeps sequences', () => {
    const prompt = Array.from({ length: 60 }, (_, i) => (i * 7) % 4)
    const other = prompt.map((token) => 3 - token)
    const run = (strategy: ReturnType<typeof draftModel>, text: readonly number[]) =>
      generate({ model: toy(1), prompt: text, maxTokens: 9, strategy, length: fixedLength(3) }).result()

    it('reads what texts have in common once, and says the same', async () => {
      const draft = toy(2)
      const strategy = draftModel({ model: draft, keep: 2 })
      const read: number[] = []
      for (const text of [prompt, other, prompt, other]) {
        const before = draft.computed
        const [kept, fresh] = [await run(strategy, text), await run(draftModel({ model: toy(2) }), text)]
        expect(kept.tokens).toEqual(fresh.tokens)
        expect(kept.stats.accepted).toBe(fresh.stats.accepted)
        read.push(draft.computed - before)
      }
      // The last token of a context is always computed.
      expect(read[2]).toBe(read[0]! - (prompt.length - 1))
      expect(read[3]).toBe(read[1]! - (other.length - 1))
      expect(draft.open).toBe(2)
    })

    it('takes one that it has kept when the model has no more, and disposes of those beyond what it keeps', async () => {
      const draft = new ToyModel({ ...toy(2).options, maxSequences: 2 })
      const strategy = draftModel({ model: draft, keep: 1 })
      const own = await draft.createSequence()
      for (const text of [prompt, other]) expect((await run(strategy, text)).warnings).toEqual([])
      expect(draft.open).toBe(2)
      await own.dispose()
      await Promise.all([run(strategy, prompt), run(strategy, other)])
      expect(draft.open).toBe(1)
    })

    it('keeps none that a pass may be in flight on', async () => {
      const draft = toy(2)
      const drafter = await draftModel({ model: draft, keep: 2 }).open({ target: toy(1), sampler: createSampler() })
      const request = { chance: createChance(1), goOn: () => true, wantsConfidence: false, maxTokens: 3 }
      const proposal = Promise.resolve(drafter.propose(prompt, request)).catch(() => {})
      await drafter.dispose?.()
      await proposal
      expect(draft.open).toBe(0)
    })

    it('refuses to keep a part of one', () => {
      expect(() => draftModel({ model: toy(2), keep: 0.5 })).toThrow('an integer, 0 or more')
    })
  })

  it('refuses a model with another vocabulary, in figures', async () => {
    const strategy = draftModel({ model: new ToyModel({ vocabSize: 5, next: randomTable({ seed: 1, vocabSize: 5 }) }) })
    const attempt = generate({ model: toy(1), prompt: [0], strategy }).result()
    await expect(attempt).rejects.toMatchObject({
      code: 'vocabulary-mismatch',
      message: expect.stringContaining('4 tokens against 5'),
    })
  })

  it('drafts for a model with other padding, and is silent about tokens that it does not have', async () => {
    const padded = (size: number, seed: number) =>
      new ToyModel({ vocabSize: size, next: randomTable({ seed, vocabSize: size, order: 2 }), fingerprint: 'one' })
    const target = padded(6, 1)
    const draft = padded(4, 1)
    const drafter = await draftModel({ model: draft }).open({ target, sampler: createSampler() })
    const request = { chance: createChance(1), goOn: () => true, wantsConfidence: true, maxTokens: 3 }
    expect((await drafter.propose([0, 1], request)).tokens).toHaveLength(3)
    expect((await drafter.propose([0, 5], request)).tokens).toEqual([])
    await drafter.dispose?.()
  })

  it('falls silent where its own context ends', async () => {
    const draft = new ToyModel({ vocabSize, next: randomTable({ seed: 1, vocabSize, order: 2 }), contextLength: 10 })
    const result = await generate({
      model: toy(1),
      prompt: [0],
      maxTokens: 30,
      strategy: draftModel({ model: draft }),
    }).result()
    expect(result.tokens).toHaveLength(30)
    expect(result.warnings).toEqual([])
  })

  it('says how sure it is of what the target will say', async () => {
    const draft = new ToyModel({ vocabSize, next: () => [0.5, 0.3, 0.15, 0.05] })
    const asked = async (temperature: number, chance = createChance(1), own?: number) => {
      const strategy = draftModel({ model: draft, ...(own !== undefined && { temperature: own }) })
      const drafter = await strategy.open({ target: toy(1), sampler: createSampler({ temperature }) })
      const heard: number[] = []
      const goOn = (_: number, sure?: number) => (sure !== undefined && heard.push(sure), true)
      await drafter.propose([0], { chance, goOn, wantsConfidence: true, maxTokens: 2 })
      return heard
    }
    // Greedy: how far its favourite is ahead.
    for (const sure of await asked(0)) expect(sure).toBeCloseTo(1 - 0.3 / 0.5, 5)
    // Drawn: the peak of q; with noise that belongs to positions, how far what is drawn is ahead there.
    for (const sure of await asked(1)) expect(sure).toBeCloseTo(0.5, 5)
    const q = createSampler({ temperature: 1 }).distribution(Float32Array.from([0.5, 0.3, 0.15, 0.05], Math.log), [0])
    const coupled = coupledChance(7)
    const leads = [1, 2].map((position) => coupled.agreement!(q, position))
    expect(await asked(1, coupledChance(7))).toEqual(leads.map((sure) => expect.closeTo(sure, 5)))
    // A greedy draft of what is drawn: how likely its token is.
    for (const sure of await asked(1, coupledChance(7), 0)) expect(sure).toBeCloseTo(0.5, 5)
  })

  it('tells what it withholds, unless chance of its own would draw it', async () => {
    const withheld = async (temperature: number, chance = createChance(1), own?: number) => {
      const strategy = draftModel({ model: toy(2), ...(own !== undefined && { temperature: own }) })
      const drafter = await strategy.open({ target: toy(1), sampler: createSampler({ temperature }) })
      const request = { chance, wantsConfidence: true, maxTokens: 4 }
      const { tokens } = await drafter.propose([0], { ...request, goOn: () => true })
      // Asked without a confidence first, it does not know yet.
      const goOn = (index: number, sure?: number) => sure === undefined || index < 2
      const cut = await drafter.propose([0], { ...request, goOn })
      expect(cut.tokens).toHaveLength(2)
      return [cut.withheld, tokens[2]]
    }
    const [greedy, drafted] = await withheld(0)
    expect(greedy).toBe(drafted)
    expect((await withheld(1))[0]).toBeUndefined()
    const [coupled, drawn] = await withheld(1, coupledChance(7))
    expect(coupled).toBe(drawn)
    const [certain, favourite] = await withheld(1, createChance(1), 0)
    expect(certain).toBe(favourite)
  })

  it('drafts longer where it is sure of itself', async () => {
    const sure = (context: readonly number[]) =>
      context[context.length - 1]! < 2 ? [0, 0.9, 0.1, 0] : [0.3, 0.3, 0.2, 0.2]
    const strategy = draftModel({ model: new ToyModel({ vocabSize, next: sure }) })
    const target = toy(1)
    const drafter = await strategy.open({ target, sampler: createSampler() })
    const control = confidenceLength({ threshold: 0.5, max: 5 }).open({ target, strategy, drafter })
    const request = { chance: createChance(1), goOn: control.goOn!, wantsConfidence: true, maxTokens: control.next(1) }
    expect((await drafter.propose([0], request)).tokens).toHaveLength(5)
    expect((await drafter.propose([3], request)).tokens).toHaveLength(0)
  })
})

describe('promptLookup', () => {
  const lookup = async (context: number[], maxTokens = 3, options = {}) => {
    const drafter = await promptLookup(options).open({ target: toy(1), sampler: createSampler() })
    return drafter.propose(context, { maxTokens, chance: createChance(1), goOn: () => true, wantsConfidence: false })
  }
  it('copies what followed the longest run, the latest one among equals', async () => {
    expect(await lookup([1, 2, 3, 0, 9, 2, 3, 1, 5, 1, 2, 3])).toEqual({ tokens: [0, 9, 2] })
    expect(await lookup([1, 2, 0, 1, 2, 3, 1, 2])).toEqual({ tokens: [3, 1, 2] })
  })
  it('tells at which token it was stopped', async () => {
    const drafter = await promptLookup().open({ target: toy(1), sampler: createSampler() })
    const request = { maxTokens: 3, chance: createChance(1), wantsConfidence: true }
    const context = [1, 2, 3, 0, 1, 2]
    expect(await drafter.propose(context, { ...request, goOn: (index) => index < 1 })).toEqual({
      tokens: [3],
      withheld: 0,
    })
    expect(await drafter.propose(context, { ...request, goOn: () => true })).toEqual({ tokens: [3, 0, 1] })
  })
  it('keeps silent when nothing of the wanted length recurs', async () => {
    expect(await lookup([1, 2, 3, 2])).toEqual({ tokens: [] })
    expect(await lookup([1, 2, 3, 2], 3, { shortest: 1 })).toEqual({ tokens: [3, 2] })
    expect(await lookup([1])).toEqual({ tokens: [] })
  })
  it('refuses runs that make no sense', () => {
    expect(() => promptLookup({ longest: 1, shortest: 2 })).toThrow('whole numbers')
  })
})
