import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Distribution } from './distribution.js'
import { keepMinP, keepTopK, keepTopP } from './truncate.js'

type Weights = Distribution['weights']

/** Token ids by weight, the largest first, the lower id first among equals; those of weight 0 left out. */
function ranked({ weights, ids }: Distribution): { id: number; weight: number }[] {
  return Array.from(weights, (weight, i) => ({ id: ids ? ids[i]! : i, weight }))
    .filter(({ weight }) => weight > 0)
    .toSorted((a, b) => b.weight - a.weight || a.id - b.id)
}

const ascending = (tokens: { id: number }[]): number[] => tokens.map(({ id }) => id).toSorted((a, b) => a - b)

function naiveTopK(distribution: Distribution, k: number): number[] {
  return ascending(ranked(distribution).slice(0, k))
}

/** Sums in the order of the ranks. Exact, and so comparable, for weights that are small integers. */
function naiveTopP(distribution: Distribution, p: number): number[] {
  const tokens = ranked(distribution)
  let sum = 0
  let count = 0
  while (count < tokens.length && (count === 0 || sum < p * distribution.total)) sum += tokens[count++]!.weight
  return ascending(tokens.slice(0, count))
}

function naiveMinP(distribution: Distribution, m: number): number[] {
  const tokens = ranked(distribution)
  return ascending(tokens.filter(({ weight }) => weight >= m * tokens[0]!.weight))
}

/** The kept ids, after a check of what holds for each result. */
function idsOf(kept: Distribution, from: Distribution): number[] {
  const ids = [...kept.ids!]
  const index = (id: number): number => (from.ids ? from.ids.indexOf(id) : id)
  expect(ids).toEqual(ids.toSorted((a, b) => a - b))
  expect([...kept.weights]).toEqual(ids.map((id) => from.weights[index(id)]))
  expect(kept.weights.constructor).toBe(from.weights.constructor)
  expect(kept.total).toBe([...kept.weights].reduce((a, b) => a + b, 0))
  return ids
}

function distributions(weight: fc.Arbitrary<number>, maxLength: number): fc.Arbitrary<Distribution> {
  const arrays = fc.oneof(
    fc.array(weight, { minLength: 1, maxLength }),
    fc.array(weight, { minLength: 1, maxLength }).map((list) => list.toSorted((a, b) => a - b)),
    fc.array(weight, { minLength: 1, maxLength }).map((list) => list.toSorted((a, b) => b - a)),
  )
  return fc
    .tuple(
      arrays.filter((list) => list.some((x) => x > 0)),
      fc.boolean(),
      fc.boolean(),
    )
    .map(([list, double, sparse]) => {
      const weights: Weights = double ? Float64Array.from(list) : Float32Array.from(list)
      return Distribution.of(weights, sparse ? Int32Array.from(list, (_, i) => 3 * i + 1) : undefined)
    })
}

const integers = distributions(fc.nat(20), 60)
const longer = distributions(fc.nat(1000), 3000)
const any = distributions(fc.float({ min: 0, max: 1, noNaN: true }), 200)
const probabilities = fc.double({ min: 0.01, max: 1, noNaN: true })

describe('keepTopK', () => {
  it('keeps what a sort keeps', () => {
    fc.assert(
      fc.property(fc.oneof(integers, any), fc.integer({ min: 1, max: 70 }), (distribution, k) => {
        expect(idsOf(keepTopK(distribution, k), distribution)).toEqual(naiveTopK(distribution, k))
      }),
      { numRuns: 500 },
    )
  })

  it('keeps what a sort keeps, few of many', () => {
    fc.assert(
      fc.property(longer, fc.integer({ min: 1, max: 8 }), (distribution, k) => {
        expect(idsOf(keepTopK(distribution, k), distribution)).toEqual(naiveTopK(distribution, k))
      }),
    )
  })

  it('keeps the lower ids of equals', () => {
    const distribution = Distribution.of(Float32Array.of(1, 2, 1, 2, 1))
    expect(idsOf(keepTopK(distribution, 1), distribution)).toEqual([1])
    expect(idsOf(keepTopK(distribution, 3), distribution)).toEqual([0, 1, 3])
  })

  it('keeps at least one token, and none without weight', () => {
    const distribution = Distribution.of(Float32Array.of(0, 2, 0, 1))
    expect(idsOf(keepTopK(distribution, 0), distribution)).toEqual([1])
    expect(idsOf(keepTopK(distribution, 9), distribution)).toEqual([1, 3])
  })
})

describe('keepTopP', () => {
  it('keeps what a sort keeps', () => {
    fc.assert(
      fc.property(fc.oneof(integers, longer), probabilities, (distribution, p) => {
        expect(idsOf(keepTopP(distribution, p), distribution)).toEqual(naiveTopP(distribution, p))
      }),
      { numRuns: 500 },
    )
  })

  it('keeps the shortest prefix that reaches p, up to rounding', () => {
    fc.assert(
      fc.property(any, probabilities, (distribution, p) => {
        const kept = idsOf(keepTopP(distribution, p), distribution)
        const tokens = ranked(distribution)
        expect(kept).toEqual(ascending(tokens.slice(0, kept.length)))
        const sum = (count: number): number => tokens.slice(0, count).reduce((a, { weight }) => a + weight, 0)
        expect(sum(kept.length)).toBeGreaterThanOrEqual(p * distribution.total * (1 - 1e-12))
        if (kept.length > 1) expect(sum(kept.length - 1)).toBeLessThan(p * distribution.total * (1 + 1e-12))
      }),
      { numRuns: 500 },
    )
  })

  it('stops where p is reached exactly, takes lower ids first, and keeps at least one token', () => {
    const distribution = Distribution.of(Float32Array.of(1, 1, 1, 1))
    expect(idsOf(keepTopP(distribution, 0.5), distribution)).toEqual([0, 1])
    expect(idsOf(keepTopP(distribution, 0.51), distribution)).toEqual([0, 1, 2])
    expect(idsOf(keepTopP(distribution, 1e-300), distribution)).toEqual([0])
  })

  it('keeps all that have weight at p = 1', () => {
    const distribution = Distribution.of(Float32Array.of(0.1, 0, 0.2, 0.7))
    expect(idsOf(keepTopP(distribution, 1), distribution)).toEqual([0, 2, 3])
  })
})

describe('keepMinP', () => {
  it('keeps what a filter keeps', () => {
    fc.assert(
      fc.property(fc.oneof(integers, longer, any), fc.double({ min: 0, max: 1, noNaN: true }), (distribution, m) => {
        expect(idsOf(keepMinP(distribution, m), distribution)).toEqual(naiveMinP(distribution, m))
      }),
      { numRuns: 500 },
    )
  })

  it('keeps those at the bar, and all of the largest at m = 1', () => {
    const distribution = Distribution.of(Float32Array.of(4, 1, 2, 4, 0))
    expect(idsOf(keepMinP(distribution, 0.5), distribution)).toEqual([0, 2, 3])
    expect(idsOf(keepMinP(distribution, 1), distribution)).toEqual([0, 3])
    expect(idsOf(keepMinP(distribution, 0), distribution)).toEqual([0, 1, 2, 3])
  })
})

describe('all of them', () => {
  const steps = [
    (d: Distribution): Distribution => keepTopK(d, 5),
    (d: Distribution): Distribution => keepTopP(d, 0.7),
    (d: Distribution): Distribution => keepMinP(d, 0.2),
  ]

  it('leave their argument as it is', () => {
    const weights = Float32Array.of(3, 1, 4, 1, 5, 9, 2, 6)
    const ids = Int32Array.of(0, 1, 2, 3, 5, 8, 13, 21)
    for (const step of steps) step(Distribution.of(weights, ids))
    expect(weights).toEqual(Float32Array.of(3, 1, 4, 1, 5, 9, 2, 6))
    expect(ids).toEqual(Int32Array.of(0, 1, 2, 3, 5, 8, 13, 21))
  })

  it('tell weights apart that are equal in 32 bits', () => {
    const distribution = Distribution.of(Float64Array.of(1, 1 + 1e-12, 1 - 1e-12, 1e-300, 2e-300))
    expect(idsOf(keepTopK(distribution, 1), distribution)).toEqual([1])
    expect(idsOf(keepTopK(distribution, 2), distribution)).toEqual([0, 1])
    expect(idsOf(keepTopK(distribution, 4), distribution)).toEqual([0, 1, 2, 4])
    expect(idsOf(keepTopP(distribution, 0.5), distribution)).toEqual([0, 1])
  })

  it('follow each other', () => {
    const distribution = Distribution.of(Float32Array.of(8, 1, 4, 2, 16, 1))
    const kept = keepMinP(keepTopP(keepTopK(distribution, 4), 0.9), 0.3)
    expect(kept.ids).toEqual(Int32Array.of(0, 4))
    expect(kept.total).toBe(24)
  })
})
