import { describe, expect, it } from 'vitest'
import { generate, type GenerateOptions } from '../generate.js'
import { confidenceLength, fixedLength } from '../length/index.js'
import { draftModel, promptLookup } from '../strategies/index.js'
import type { DraftStrategy } from '../strategy.js'
import { randomTable, ToyModel } from '../testing/toy-model.js'
import { coupled } from '../verify/index.js'
import { coupledChance } from './coupled-chance.js'
import { Distribution } from './distribution.js'

const dense = (...weights: number[]) => Distribution.of(Float64Array.from(weights))

/** The chi-square statistic of counts against expected probabilities. */
function chiSquare(counts: readonly number[], probabilities: readonly number[]): number {
  const draws = counts.reduce((a, b) => a + b, 0)
  return counts.reduce(
    (sum, count, i) => sum + (count - draws * probabilities[i]!) ** 2 / (draws * probabilities[i]!),
    0,
  )
}

describe('noise that belongs to a position', () => {
  const p = dense(1, 4, 2, 3)
  it('has the distribution: over seeds, and over positions', () => {
    const overSeeds = [0, 0, 0, 0]
    const overPositions = [0, 0, 0, 0]
    const one = coupledChance(99)
    for (let i = 0; i < 40_000; i++) {
      overSeeds[coupledChance(i).draw(p, 7)]!++
      overPositions[one.draw(p, i)]!++
    }
    // Three degrees of freedom: 21.1 is passed once in 10,000 times.
    expect(chiSquare(overSeeds, [0.1, 0.4, 0.2, 0.3])).toBeLessThan(21.1)
    expect(chiSquare(overPositions, [0.1, 0.4, 0.2, 0.3])).toBeLessThan(21.1)
  })

  it('is independent from one position to the next, and from one seed to the next', () => {
    const expected = [0.1, 0.4, 0.2, 0.3].flatMap((a) => [0.1, 0.4, 0.2, 0.3].map((b) => a * b))
    const pairs = [0, 1].map(() => Array.from({ length: 16 }, () => 0))
    for (let i = 0; i < 40_000; i++) {
      const chance = coupledChance(5)
      pairs[0]![chance.draw(p, i) * 4 + chance.draw(p, i + 1)]!++
      pairs[1]![coupledChance(i).draw(p, 3) * 4 + coupledChance(i + 1).draw(p, 3)]!++
    }
    // Fifteen degrees of freedom.
    for (const counts of pairs) expect(chiSquare(counts, expected)).toBeLessThan(44.3)
  })

  it('is the same for sparse and dense, for any scale, and however often it is asked', () => {
    const sparse = Distribution.of(Float64Array.of(10, 40, 20, 30), Int32Array.of(0, 1, 2, 3))
    for (let position = 0; position < 500; position++) {
      const chance = coupledChance(position % 7)
      const token = chance.draw(p, position)
      expect(chance.draw(sparse, position)).toBe(token)
      expect(chance.draw(p, position)).toBe(token)
    }
  })

  it('lets two distributions agree with a probability of at least (1 - TV) / (1 + TV)', () => {
    for (const q of [dense(4, 1, 2, 3), dense(1, 4, 2, 3.5), dense(0, 1, 0, 9)]) {
      let variation = 0
      for (let token = 0; token < 4; token++) variation += Math.abs(p.probability(token) - q.probability(token)) / 2
      let agreed = 0
      const draws = 20_000
      for (let i = 0; i < draws; i++) if (coupledChance(1).draw(p, i) === coupledChance(1).draw(q, i)) agreed++
      const bound = (1 - variation) / (1 + variation)
      expect(agreed / draws).toBeGreaterThan(bound - 4 * Math.sqrt((bound * (1 - bound)) / draws))
    }
  })

  it('tells beforehand where another distribution will agree, and changes nothing by it', () => {
    const q = dense(3, 2, 2, 3)
    const groups = [0, 1, 2, 3].map(() => ({ agreed: 0, all: 0 }))
    for (let i = 0; i < 20_000; i++) {
      const [asked, other] = [coupledChance(1), coupledChance(1)]
      const sure = asked.agreement!(q, i)
      expect(sure).toBeGreaterThanOrEqual(0)
      expect(sure).toBeLessThanOrEqual(1)
      // Asked or not, and once more after another question.
      expect(asked.draw(q, i)).toBe(other.draw(q, i))
      const said = asked.draw(p, i)
      expect(asked.agreement!(q, i)).toBe(sure)
      const group = groups[Math.min(3, Math.floor(sure * 4))]!
      group.all++
      if (said === other.draw(q, i)) group.agreed++
    }
    const shares = groups.map(({ agreed, all }) => agreed / all)
    // p is to q as 1:3, 2:1, 1:1 and 1:1, so the balance of two tokens moves sixfold at most: who leads by more stays first.
    expect(shares[3]).toBeGreaterThan(0.85)
    expect(shares[0]).toBeLessThan(0.6)
    expect(shares).toEqual(shares.toSorted((a, b) => a - b))
    const certain = coupledChance(1)
    for (let i = 0; i < 100; i++) expect(certain.agreement!(dense(0, 1, 0, 0), i)).toBe(1)
    const far = dense(1, 1)
    for (let i = 0; i < 2000; i++) {
      const sure = certain.agreement!(far, i)
      const [twice, half] = [dense(2, 1), dense(1, 2)].map((changed) => certain.draw(changed, i))
      // Twice the weight is what takes the lead from one that is less than half ahead, and from no other.
      expect(twice === half).toBe(sure > 0.5)
    }
  })

  it('depends on every part of the seed, and draws rare tokens as rarely as they are', () => {
    const text = (seed: number) => Array.from({ length: 40 }, (_, i) => coupledChance(seed).draw(p, i)).join('')
    const seeds = [0, 1, 2, -1, 2 ** 32, 2 ** 32 + 1, 2 ** 52]
    expect(new Set(seeds.map(text)).size).toBe(seeds.length)
    const rare = Distribution.of(Float64Array.from({ length: 1001 }, (_, i) => (i === 500 ? 1e6 : 1)))
    let others = 0
    for (let i = 0; i < 200_000; i++) if (coupledChance(3).draw(rare, i) !== 500) others++
    // 1000 / 1,001,000 of 200,000 draws: 199.8 +- 4 * 14.1.
    expect(Math.abs(others - 199.8)).toBeLessThan(57)
  })
})

describe('the same seed says the same', () => {
  const vocabSize = 6
  const end = 5
  const toy = (seed: number) => new ToyModel({ vocabSize, end, next: randomTable({ seed, vocabSize, order: 3 }) })
  const random: DraftStrategy = {
    name: 'random',
    open: () => ({
      propose: (_, { maxTokens, chance }) => ({
        tokens: Array.from({ length: maxTokens }, () => chance.draw(dense(1, 1, 1, 1, 1, 1))),
      }),
    }),
  }
  const drafters: [string, Partial<GenerateOptions>][] = [
    ['a draft model', { strategy: draftModel({ model: toy(2) }), length: fixedLength(3) }],
    ['the target as its own draft', { strategy: draftModel({ model: toy(1) }), length: fixedLength(5) }],
    [
      'a cold draft model, by confidence',
      { strategy: draftModel({ model: toy(2), temperature: 0 }), length: confidenceLength() },
    ],
    ['prompt lookup', { strategy: promptLookup({ shortest: 1 }), length: fixedLength(4) }],
    ['tokens at random', { strategy: random, length: fixedLength(2) }],
  ]
  const settings = { temperature: 1.1, topP: 0.95, repetitionPenalty: 1.2, xtcProbability: 0.2, xtcThreshold: 0.2 }
  const say = (seed: number, options: Partial<GenerateOptions>) =>
    generate({
      model: toy(1),
      prompt: [0, 1, 2],
      maxTokens: 30,
      seed,
      verifier: coupled,
      ...settings,
      ...options,
    }).result()

  it('with 5 drafters x 200 seeds, and without one', async () => {
    const texts = new Set<string>()
    const accepted = drafters.map(() => 0)
    for (let seed = 0; seed < 200; seed++) {
      const { tokens } = await say(seed, {})
      texts.add(String(tokens))
      for (const [i, [name, drafter]] of drafters.entries()) {
        const drafted = await say(seed, drafter)
        expect([name, seed, ...drafted.tokens]).toEqual([name, seed, ...tokens])
        accepted[i]! += drafted.stats.accepted
      }
    }
    // The seeds do say different things, and the drafts do get accepted: it is not that nothing happens.
    expect(texts.size).toBeGreaterThan(100)
    for (const count of accepted) expect(count).toBeGreaterThan(40)
  }, 60_000)

  it('which the other verifiers do not promise', async () => {
    let differ = 0
    for (let seed = 0; seed < 20; seed++) {
      const one = await say(seed, { verifier: 'block' })
      const other = await say(seed, { verifier: 'block', ...drafters[0]![1] })
      if (String(one.tokens) !== String(other.tokens)) differ++
    }
    expect(differ).toBeGreaterThan(10)
  })
})
