import { describe, expect, it, vi } from 'vitest'
import { generate } from '../generate.js'
import { fixedLength } from '../length/fixed.js'
import { createChance } from '../sampling/chance.js'
import { createSampler } from '../sampling/chain.js'
import { Distribution } from '../sampling/distribution.js'
import type { Draft, Drafter, DraftRequest, DraftStrategy, Hindsight, Verdict } from '../strategy.js'
import { strategyConformance } from '../testing/strategy-conformance.js'
import { randomTable, ToyModel } from '../testing/toy-model.js'
import { draftModel } from './draft-model.js'
import { extend } from './extend.js'
import { firstOf } from './first-of.js'
import { promptLookup } from './prompt-lookup.js'
import { suffixDecoding } from './suffix-decoding.js'
import { tokenRecycling } from './token-recycling.js'

const vocabSize = 26
const toy = (seed = 1) => new ToyModel({ vocabSize, next: randomTable({ seed, vocabSize, order: 2 }), maxSequences: 8 })
const init = { target: new ToyModel({ vocabSize, end: 25, next: () => [] }), sampler: createSampler() }
const request = { chance: createChance(1), goOn: () => true, wantsConfidence: false, maxTokens: 8 }
const back: Hindsight = { likeliest: (row, count) => [row, count] }

/** Drafts this, asking `goOn` with these confidences, and writes down what it is told. */
function speaker(draft: Draft, { confidences, ...rest }: Partial<Drafter> & { confidences?: number[] } = {}) {
  const asked: { context: readonly number[]; maxTokens: number }[] = []
  const told: { accepted: number; next: number; rows: number[][] }[] = []
  const dispose = vi.fn<() => void>()
  const strategy: DraftStrategy = {
    name: `says ${draft.tokens}`,
    open: () => ({
      propose(context: readonly number[], { maxTokens, goOn }: DraftRequest) {
        asked.push({ context: [...context], maxTokens })
        const end = draft.tokens.findIndex((_, i) => i >= maxTokens || !goOn(i, confidences?.[i] ?? 1))
        if (end < 0) return draft
        const [tokens, withheld] = [draft.tokens.slice(0, end), end < maxTokens ? draft.tokens[end] : undefined]
        return { tokens, distributions: draft.distributions?.slice(0, end), withheld }
      },
      observe({ accepted, next }: Verdict, hindsight: Hindsight) {
        const rows = draft.tokens.slice(0, accepted + 1).map((_, row) => hindsight.likeliest(row, 1))
        told.push({ accepted, next, rows })
      },
      dispose,
      ...rest,
    }),
  }
  return { strategy, asked, told, dispose }
}

for (const [name, make] of Object.entries({
  'a lookup, or else a draft model': (target: ToyModel) =>
    firstOf(promptLookup(), draftModel({ model: new ToyModel({ ...target.options }) })),
  'a lookup, and then a draft model': (target: ToyModel) =>
    extend(promptLookup({ shortest: 1 }), draftModel({ model: new ToyModel({ ...target.options }) })),
  'a draft model, and then a lookup': (target: ToyModel) =>
    extend(draftModel({ model: new ToyModel({ ...target.options }) }), suffixDecoding()),
  'one in the other': () => firstOf(extend(promptLookup(), tokenRecycling()), suffixDecoding()),
})) {
  describe(`${name} conforms`, () => {
    it.each(strategyConformance(make))('$name', ({ run }) => run())
  })
}

describe('firstOf', () => {
  it('takes the first that has something to say, names it, and asks no further', async () => {
    const [one, two, three] = [speaker({ tokens: [] }), speaker({ tokens: [1, 2] }), speaker({ tokens: [3] })]
    const drafter = await firstOf(one.strategy, two.strategy, three.strategy).open(init)
    expect(await drafter.propose([0], request)).toEqual({ tokens: [1, 2], by: two.strategy.name })
    expect([one, two, three].map(({ asked }) => asked.length)).toEqual([1, 1, 0])
  })

  it('asks the next one when the first is not sure enough', async () => {
    const [one, two] = [
      speaker({ tokens: [1] }, { confidences: [0.2] }),
      speaker({ tokens: [2] }, { confidences: [0.8] }),
    ]
    const drafter = await firstOf(one.strategy, two.strategy).open(init)
    const goOn = (_: number, confidence = 1) => confidence > 0.5
    expect((await drafter.propose([0], { ...request, goOn })).tokens).toEqual([2])
  })

  it('tells those who were asked what became of what they said, even if it was nothing', async () => {
    const [one, two, three] = [speaker({ tokens: [] }), speaker({ tokens: [1, 2] }), speaker({ tokens: [3] })]
    const drafter = await firstOf(one.strategy, two.strategy, three.strategy).open(init)
    await drafter.propose([0], request)
    drafter.observe!({ accepted: 1, next: 9 }, back)
    expect(two.told).toEqual([
      {
        accepted: 1,
        next: 9,
        rows: [
          [0, 1],
          [1, 1],
        ],
      },
    ])
    expect(one.told).toEqual([{ accepted: 0, next: 1, rows: [] }])
    expect(three.told).toEqual([])
    // A round in which nobody was asked.
    drafter.observe!({ accepted: 0, next: 5 }, back)
    expect([one, two, three].map(({ told }) => told.length)).toEqual([1, 1, 0])
  })

  it('lets the second learn while the first has nothing to say', async () => {
    const strategy = firstOf(speaker({ tokens: [] }).strategy, tokenRecycling())
    const { stats } = await generate({
      model: toy(),
      prompt: [0, 1],
      maxTokens: 200,
      strategy,
      length: fixedLength(4),
    }).result()
    expect(stats.drafted).toBeGreaterThan(0)
  })

  it('refuses nobody', () => {
    expect(() => firstOf()).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })
})

describe('extend', () => {
  it('lets the second go on behind the first', async () => {
    const [one, two] = [speaker({ tokens: [1, 2] }), speaker({ tokens: [3, 4, 5] })]
    const drafter = await extend(one.strategy, two.strategy).open(init)
    expect(await drafter.propose([7], { ...request, maxTokens: 4 })).toEqual({ tokens: [1, 2, 3, 4] })
    expect(two.asked).toEqual([{ context: [7, 1, 2], maxTokens: 2 }])
    expect(await drafter.propose([7], { ...request, maxTokens: 2 })).toEqual({ tokens: [1, 2] })
    expect(two.asked).toHaveLength(1)
  })

  it('makes certain tokens points where the other has distributions', async () => {
    const q = Distribution.of(Float64Array.of(1, 3))
    const certain = speaker({ tokens: [5, 6] }).strategy
    const sampled = speaker({ tokens: [1], distributions: [q] }).strategy
    const one = await (await extend(certain, sampled).open(init)).propose([0], request)
    expect(one.tokens).toEqual([5, 6, 1])
    expect(one.distributions!.map((each, i) => each.probability(one.tokens[i]!))).toEqual([1, 1, 0.75])
    const other = await (await extend(sampled, certain).open(init)).propose([0], request)
    expect(other.distributions!.map((each, i) => each.probability(other.tokens[i]!))).toEqual([0.75, 1, 1])
  })

  it('counts through: the length policy hears of each place in order', async () => {
    const [one, two] = [speaker({ tokens: [1, 2] }), speaker({ tokens: [3, 4] }, { confidences: [0.5, 0.4] })]
    const heard: [number, number | undefined][] = []
    const goOn = (index: number, confidence?: number) => heard.push([index, confidence]) < 5
    const drafter = await extend(one.strategy, two.strategy).open(init)
    expect((await drafter.propose([7], { ...request, goOn })).tokens).toEqual([1, 2, 3])
    expect(heard).toEqual([
      [0, 1],
      [1, 1],
      [2, undefined],
      [2, 0.5],
      [3, 0.4],
    ])
  })

  it('lets the second try where the first is not sure enough, and ends where the policy wants no more', async () => {
    const goOn = (_: number, confidence = 1) => confidence > 0.5
    const unsure = speaker({ tokens: [1, 2] }, { confidences: [0.9, 0.3] }).strategy
    const surer = speaker({ tokens: [3] }, { confidences: [0.8] }).strategy
    const drafter = await extend(unsure, surer).open(init)
    expect((await drafter.propose([7], { ...request, goOn })).tokens).toEqual([1, 3])

    const [certain, next] = [speaker({ tokens: [1, 2] }), speaker({ tokens: [3] })]
    const short = await extend(certain.strategy, next.strategy).open(init)
    expect((await short.propose([7], { ...request, goOn: (index) => index < 1 })).tokens).toEqual([1])
    expect(next.asked).toEqual([])
  })

  it('withholds what the one withheld that was asked last', async () => {
    const [one, two] = [speaker({ tokens: [1, 2] }).strategy, speaker({ tokens: [3, 4] }).strategy]
    const drafter = await extend(one, two).open(init)
    const cut = async (most: number) =>
      (await drafter.propose([7], { ...request, goOn: (index) => index < most })).withheld
    expect([await cut(1), await cut(2), await cut(3), await cut(4)]).toEqual([2, undefined, 4, undefined])
  })

  it('does not go on behind the end of the text', async () => {
    const [one, two] = [speaker({ tokens: [1, 25] }), speaker({ tokens: [3] })]
    expect((await (await extend(one.strategy, two.strategy).open(init)).propose([7], request)).tokens).toEqual([1, 25])
    expect(two.asked).toEqual([])
  })

  it.each([
    [0, [{ accepted: 0, next: 9, rows: [[0, 1]] }], []],
    [
      1,
      [
        {
          accepted: 1,
          next: 9,
          rows: [
            [0, 1],
            [1, 1],
          ],
        },
      ],
      [],
    ],
    [
      2,
      [
        {
          accepted: 2,
          next: 9,
          rows: [
            [0, 1],
            [1, 1],
          ],
        },
      ],
      [{ accepted: 0, next: 9, rows: [[2, 1]] }],
    ],
    [
      3,
      [
        {
          accepted: 2,
          next: 3,
          rows: [
            [0, 1],
            [1, 1],
          ],
        },
      ],
      [
        {
          accepted: 1,
          next: 9,
          rows: [
            [2, 1],
            [3, 1],
          ],
        },
      ],
    ],
    [
      4,
      [
        {
          accepted: 2,
          next: 3,
          rows: [
            [0, 1],
            [1, 1],
          ],
        },
      ],
      [
        {
          accepted: 2,
          next: 9,
          rows: [
            [2, 1],
            [3, 1],
          ],
        },
      ],
    ],
  ])('of four tokens %s are kept: each is told of its own', async (accepted, first, second) => {
    const [one, two] = [speaker({ tokens: [1, 2] }), speaker({ tokens: [3, 4] })]
    const drafter = await extend(one.strategy, two.strategy).open(init)
    await drafter.propose([7], request)
    await drafter.observe!({ accepted, next: 9 }, back)
    expect(one.told).toEqual(first)
    expect(two.told).toEqual(second)
  })

  it('shows no row beyond the own part', async () => {
    let refused: unknown
    const nosy = speaker(
      { tokens: [1] },
      {
        observe(_, hindsight) {
          expect(hindsight.likeliest(1, 1)).toEqual([1, 1])
          try {
            hindsight.likeliest(2, 1)
          } catch (error) {
            refused = error
          }
        },
      },
    )
    const drafter = await extend(nosy.strategy, speaker({ tokens: [3] }).strategy).open(init)
    await drafter.propose([7], request)
    await drafter.observe!({ accepted: 0, next: 9 }, back)
    expect(refused).toMatchObject({ code: 'invalid-argument' })
  })

  it('saves passes over either alone', async () => {
    const next = (context: readonly number[]) =>
      Array.from({ length: vocabSize }, (_, i) => (i === (context.at(-1)! * 5 + 1) % vocabSize ? 0.9 : 0.004))
    const model = () => new ToyModel({ vocabSize, next, maxSequences: 4 })
    const passes = async (strategy: DraftStrategy) =>
      (await generate({ model: model(), prompt: [0], maxTokens: 100, strategy, length: fixedLength(6) }).result()).stats
        .passes
    const both = extend(promptLookup(), draftModel({ model: model() }))
    expect(await passes(both)).toBeLessThan(await passes(promptLookup()))
  })
})

describe.each([
  ['firstOf', (...all: DraftStrategy[]) => firstOf(...all)],
  ['extend', (one: DraftStrategy, two: DraftStrategy) => extend(one, two)],
] as [string, (...all: DraftStrategy[]) => DraftStrategy][])('%s', (_, combine) => {
  it('puts away those that it opened when another cannot be', async () => {
    const one = speaker({ tokens: [] })
    const failing = { name: 'failing', open: () => Promise.reject(new Error('no')) }
    await expect(combine(one.strategy, failing).open(init)).rejects.toThrow('no')
    expect(one.dispose).toHaveBeenCalledOnce()
  })

  it('puts all away, even when one fails at it', async () => {
    const one = speaker({ tokens: [] }, { dispose: () => Promise.reject(new Error('stuck')) })
    const two = speaker({ tokens: [] })
    const drafter = await combine(one.strategy, two.strategy).open(init)
    await expect(drafter.dispose!()).rejects.toThrow('stuck')
    expect(two.dispose).toHaveBeenCalledOnce()
  })

  it('says what a token of the dearest costs, if that is known', async () => {
    const step = async (one: number | undefined, two: number | undefined) => {
      const strategies = [one, two].map((stepMs) => speaker({ tokens: [] }, { stepMs }).strategy)
      return (await combine(...strategies).open(init)).stepMs
    }
    expect(await step(undefined, undefined)).toBeUndefined()
    expect(await step(undefined, 3)).toBe(3)
    expect(await step(4, 3)).toBe(4)
  })

  it('passes on that an observer fails, at once or later: a warning, not the end of the process', async () => {
    for (const observe of [() => Promise.reject(new Error('late')), () => expect.fail('now')]) {
      const strategy = combine(speaker({ tokens: [1] }, { observe }).strategy, speaker({ tokens: [] }).strategy)
      const { warnings } = await generate({
        model: toy(),
        prompt: [0],
        maxTokens: 20,
        strategy,
        length: fixedLength(4),
      }).result()
      expect(warnings.length).toBeGreaterThan(0)
    }
  })
})
