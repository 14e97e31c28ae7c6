import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConstraintTracker } from '../constrain/tracker.js'
import { ToyConstraint } from '../testing/toy-constraint.js'
import { ToyModel } from '../testing/toy-model.js'
import { createSampler } from './chain.js'
import { naiveChain } from './naive-chain.js'
import { defaultOrder, type SamplingOptions } from './options.js'

const vocabSize = 6
const end = 5
/** `a` to `e`, and the end. */
const { tokenizer } = new ToyModel({ vocabSize, end, next: () => [] })
/** Numbers on a grid: the edges of floating point are not what this is about, and ties are decided by the last bit. */
const number = (min: number, max: number) =>
  fc.integer({ min: 0, max: 1000 }).map((step) => min + ((max - min) * (step + 0.0173)) / 1000.02)
const shares = number(0.05, 1)
const token = fc.integer({ min: 0, max: vocabSize - 1 })

const options: fc.Arbitrary<SamplingOptions> = fc.record(
  {
    temperature: fc.oneof(fc.constant(0), number(0.2, 3)),
    topK: fc.integer({ min: 0, max: 6 }),
    topP: shares,
    minP: number(0, 0.6),
    typicalP: shares,
    xtcProbability: number(0, 1),
    xtcThreshold: number(0.02, 0.5),
    repetitionPenalty: number(0.5, 3),
    presencePenalty: number(-2, 2),
    frequencyPenalty: number(-2, 2),
    penaltyWindow: fc.integer({ min: 1, max: 20 }),
    dryMultiplier: number(0, 3),
    dryBase: number(1, 2),
    dryAllowedLength: fc.integer({ min: 1, max: 4 }),
    dryWindow: fc.integer({ min: 1, max: 20 }),
    drySequenceBreakers: fc.subarray(['a', 'c']),
    logitBias: fc.dictionary(token.map(String), number(-5, 5)),
    bannedTokens: fc.uniqueArray(token, { maxLength: 2 }),
    minTokens: fc.integer({ min: 0, max: 6 }),
    order: fc.shuffledSubarray([...defaultOrder], { minLength: defaultOrder.length }),
  },
  { requiredKeys: ['temperature'] },
)

describe('the chain against its description', () => {
  it('gives the same distribution, whatever is set, in whatever order (property)', () => {
    const logits = fc
      .uniqueArray(number(-4, 4), { minLength: vocabSize, maxLength: vocabSize })
      .map((row) => row.map((logit, id) => logit + id * 0.000137))
    const text = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 10 })
    fc.assert(
      fc.property(logits, options, text, text, (values, settings, prompt, said) => {
        const row = Float32Array.from(values)
        const sampler = createSampler(settings, { tokenizer, promptLength: prompt.length })
        const breakers = new Set((settings.drySequenceBreakers ?? []).map((text) => text.charCodeAt(0) - 97))
        const wanted = naiveChain([...row], settings, { prompt, said, end, breakers })
        const seen = sampler.distribution(row, [...prompt, ...said])
        const distance = (other: readonly number[]): number =>
          Math.max(...other.map((p, id) => Math.abs(p - seen.probability(id))))
        if (distance(wanted) < 1e-5) return
        // A cut may fall on either side of a token when 32 bits decide: then ours is the naive result for logits that
        // differ by as little.
        const near = shaken(row).map((logits) =>
          distance(naiveChain(logits, settings, { prompt, said, end, breakers })),
        )
        expect(Math.min(...near)).toBeLessThan(1e-4)
      }),
      { numRuns: 3000, seed: 1 },
    )
  })

  /** The row with rounding errors, many times. */
  function shaken(row: Float32Array): number[][] {
    return Array.from({ length: 300 }, (_, i) =>
      Array.from(row, (logit, id) => logit + 3e-6 * Math.sin(i * 7 + id * 13)),
    )
  }
})

describe('the chain', () => {
  const row = Float32Array.from([0.1, 0.4, 0.2, 0.15, 0.1, 0.05], Math.log)

  it('asks a format for the favourite only, when greedy', () => {
    const constraint = new ToyConstraint([{ 1: 0, 2: 0 }], vocabSize)
    const tracker = new ConstraintTracker(constraint.open(), 1, tokenizer.isEnd)
    const sampler = createSampler({}, { tokenizer, promptLength: 1, tracker })
    expect(sampler.distribution(row, [3]).probability(1)).toBe(1)
    expect(constraint.masks).toBe(0)
    const other = Float32Array.from([0.6, 0.1, 0.2, 0.1, 0, 0], Math.log)
    expect(sampler.distribution(other, [3, 1]).probability(2)).toBe(1)
    expect(constraint.masks).toBe(1)
  })

  it('ends a text where the format allows nothing else, whatever minTokens says', () => {
    for (const temperature of [0, 1]) {
      const tracker = new ConstraintTracker(
        new ToyConstraint([{ 1: 1 }, { [end]: 2 }, {}], vocabSize).open(),
        1,
        tokenizer.isEnd,
      )
      const sampler = createSampler({ temperature, minTokens: 5 }, { tokenizer, promptLength: 1, tracker })
      expect(sampler.distribution(row, [3]).probability(1)).toBe(1)
      expect(sampler.distribution(row, [3, 1]).probability(end)).toBe(1)
    }
  })

  it('says what is wrong when nothing is left', () => {
    const bannedTokens = [0, 1, 2, 3, 4, 5]
    for (const temperature of [0, 1]) {
      expect(() => createSampler({ temperature, bannedTokens }).distribution(row, [])).toThrow('No token is left')
    }
    const nothing = new Float32Array(vocabSize).fill(NaN)
    expect(() => createSampler({ temperature: 1 }).distribution(nothing, [])).toThrow('no usable logits')
  })

  it('blames the model for logits that are none, whatever is banned', () => {
    const nothing = new Float32Array(vocabSize).fill(NaN)
    for (const temperature of [0, 1]) {
      const sampler = createSampler({ temperature, bannedTokens: [1], repetitionPenalty: 2 })
      expect(() => sampler.distribution(nothing, [2])).toThrow('no usable logits')
    }
  })

  it('needs no temperature in its order but when there is one, and takes a draft with another one', () => {
    expect(createSampler({ order: ['penalties'], repetitionPenalty: 2 }).greedy).toBe(true)
    const hot = createSampler({ temperature: 1, topK: 2, order: ['topK'] }).at(0.5)
    expect(hot.distribution(row, []).probability(1)).toBeCloseTo(0.8, 5)
  })

  it('never changes the logits that it is given', () => {
    const copy = row.slice()
    const everything = { repetitionPenalty: 2, logitBias: { 1: 3 }, bannedTokens: [0], dryMultiplier: 1, typicalP: 0.9 }
    for (const temperature of [0, 0.7]) {
      createSampler({ temperature, ...everything }).distribution(row, [1, 2, 1, 2, 1])
      expect(row).toEqual(copy)
    }
  })

  it('refuses what makes no sense, by name', () => {
    const cases: [SamplingOptions, string][] = [
      [{ typicalP: 0 }, 'typicalP is 0'],
      [{ xtcProbability: 2 }, 'xtcProbability is 2'],
      [{ repetitionPenalty: 0 }, 'repetitionPenalty is 0'],
      [{ presencePenalty: 3 }, 'presencePenalty is 3'],
      [{ frequencyPenalty: NaN }, 'frequencyPenalty is NaN'],
      [{ penaltyWindow: 0.5 }, 'penaltyWindow is 0.5'],
      [{ dryBase: 0.5 }, 'dryBase is 0.5'],
      [{ dryAllowedLength: 0 }, 'dryAllowedLength is 0'],
      [{ drySequenceBreakers: [''] }, 'drySequenceBreakers'],
      [{ minTokens: -1 }, 'minTokens is -1'],
      [{ logitBias: { 3: NaN } }, 'logitBias is NaN'],
      [{ logitBias: { [-3]: 1 } }, 'logitBias is for -3'],
      [{ bannedTokens: [1.5] }, 'bannedTokens is with 1.5'],
      [{ bannedTokens: [6] }, 'name token 6, but the vocabulary has 6'],
      [{ topK: 3, order: ['temperature'] }, "order is without 'topK'"],
      [{ bannedTokens: 5 as unknown as number[] }, 'bannedTokens is 5'],
      [{ order: ['topK', 'topK'] }, 'comes twice'],
      [{ order: ['sparkle' as 'topK'] }, "order is with 'sparkle'"],
    ]
    for (const [settings, message] of cases) {
      expect(() => createSampler({ temperature: 1, ...settings }, { tokenizer })).toThrow(message)
    }
    expect(() => createSampler({ minTokens: 1 })).toThrow('pass the tokenizer')
  })
})
