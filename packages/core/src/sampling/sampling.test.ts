import { describe, expect, it } from 'vitest'
import { createChance } from './chance.js'
import { createSampler } from './chain.js'
import { Distribution } from './distribution.js'

const logits = Float32Array.from([0.1, 0.4, 0.2, 0.3], Math.log)
const probabilities = (options: Parameters<typeof createSampler>[0], row = logits) =>
  Array.from(row, (_, token) => createSampler(options).distribution(row, []).probability(token))
const near = (...values: number[]) => values.map((value) => expect.closeTo(value, 6))

describe('the sampling chain', () => {
  it('temperature 1 is the model; 0 its favourite; between them it sharpens', () => {
    expect(probabilities({ temperature: 1 })).toEqual(near(0.1, 0.4, 0.2, 0.3))
    expect(probabilities({})).toEqual([0, 1, 0, 0])
    expect(probabilities({ temperature: 0.5 })).toEqual(near(1 / 30, 16 / 30, 4 / 30, 9 / 30))
  })
  it('cuts by count, by mass and by share', () => {
    expect(probabilities({ temperature: 1, topK: 2 })).toEqual(near(0, 4 / 7, 0, 3 / 7))
    expect(probabilities({ temperature: 1, topP: 0.65 })).toEqual(near(0, 4 / 7, 0, 3 / 7))
    expect(probabilities({ temperature: 1, topP: 0.75 })).toEqual(near(0, 4 / 9, 2 / 9, 3 / 9))
    expect(probabilities({ temperature: 1, minP: 0.5 })).toEqual(near(0, 4 / 9, 2 / 9, 3 / 9))
  })
  it('goes through its steps in their order', () => {
    // After top-k 3 the share of token 1 is 4/9, so top-p 0.7 keeps two tokens; of all four it would have kept two as well
    // only up to 0.7, not above.
    expect(probabilities({ temperature: 1, topK: 3, topP: 0.72 })).toEqual(near(0, 4 / 7, 0, 3 / 7))
    expect(probabilities({ temperature: 1, topP: 0.72 })).toEqual(near(0, 4 / 9, 2 / 9, 3 / 9))
    // min-p looks at the distribution after the temperature.
    expect(probabilities({ temperature: 0.5, minP: 0.5 })).toEqual(near(0, 16 / 25, 0, 9 / 25))
  })
  it('never keeps nothing', () => {
    for (const options of [{ topK: 1 }, { topP: 1e-9 }, { minP: 1 }]) {
      expect(probabilities({ temperature: 1, ...options })).toEqual([0, 1, 0, 0])
    }
    expect(probabilities({ temperature: 1e-30 })).toEqual([0, 1, 0, 0])
  })
})

describe('Distribution', () => {
  it('draws in proportion, and never what has no weight', () => {
    const distribution = Distribution.of(Float64Array.of(0, 3, 0, 1, 0))
    const chance = createChance(1)
    const counts = [0, 0, 0, 0, 0]
    for (let i = 0; i < 40_000; i++) counts[chance.draw(distribution)]!++
    expect(counts[0]! + counts[2]! + counts[4]!).toBe(0)
    // Four standard deviations.
    expect(Math.abs(counts[1]! - 30_000)).toBeLessThan(4 * Math.sqrt(40_000 * 0.75 * 0.25))
    expect(distribution.at(0)).toBe(1)
    expect(distribution.at(1 - 2 ** -53)).toBe(3)
  })
  it('refuses weights that are none', () => {
    for (const weights of [[], [0, 0], [1, -1], [NaN], [Infinity]]) {
      expect(() => Distribution.of(Float64Array.from(weights))).toThrow(/[Ww]eight/)
    }
    expect(() => Distribution.of(Float64Array.of(1, 1), Int32Array.of(1))).toThrow('one for each')
    expect(() => Distribution.of(Float64Array.of(1, 1), Int32Array.of(2, 1))).toThrow('ascending')
  })
})

describe('chance', () => {
  it('is uniform', () => {
    const chance = createChance(42)
    const draws = 100_000
    for (const probability of [0.01, 0.5, 0.9]) {
      let hits = 0
      for (let i = 0; i < draws; i++) if (chance.happens(probability)) hits++
      expect(Math.abs(hits - draws * probability)).toBeLessThan(4 * Math.sqrt(draws * probability * (1 - probability)))
    }
  })
  it('depends on every part of the seed', () => {
    const stream = (seed: number) => {
      const chance = createChance(seed)
      return Array.from({ length: 64 }, () => Number(chance.happens(0.5))).join('')
    }
    const seeds = [0, 1, 2, -1, 2 ** 32, 2 ** 32 + 1, 2 ** 52]
    expect(new Set(seeds.map(stream)).size).toBe(seeds.length)
    expect(stream(7)).toBe(stream(7))
  })
})
