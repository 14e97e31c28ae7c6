import { describe, expect, it } from 'vitest'
import { Distribution } from '../sampling/distribution.js'
import type { Case } from '../testing/case.js'
import { contests, expectedAccepted, verifierConformance } from '../testing/verifier-conformance.js'
import { block } from './block.js'
import { excess } from './excess.js'
import { greedy } from './greedy.js'
import { rejection } from './rejection.js'
import type { Verifier } from './verifier.js'

describe.each([
  [rejection, false],
  [block, false],
  [rejection, true],
  [block, true],
  [greedy, true],
] as const)('$name is exact (greedy target: %s)', (verifier, isGreedy) => {
  it.each(verifierConformance(verifier, { greedy: isGreedy }))('$name', ({ run }) => run())
})

describe('block against rejection', () => {
  it('keeps 11/9 tokens of the example in 2403.10444 where rejection keeps 10/9', async () => {
    const p = () => [1 / 3, 2 / 3]
    const q = () => [2 / 3, 1 / 3]
    const contest = { name: 'paper', vocabSize: 2, p, q, gamma: 2, sampled: true }
    expect(await expectedAccepted(rejection, contest)).toBeCloseTo(10 / 9, 12)
    expect(await expectedAccepted(block, contest)).toBeCloseTo(11 / 9, 12)
  })

  it.each(contests().filter(({ gamma }) => gamma > 0))('never keeps fewer: $name', async (contest) => {
    const fewer = await expectedAccepted(rejection, contest)
    const more = await expectedAccepted(block, contest)
    expect(more).toBeGreaterThanOrEqual(fewer - 1e-12)
  })
})

/** Each is wrong in one way that real implementations have been wrong in. The suite must notice every one. */
const mutants: [string, Verifier, boolean][] = [
  ['rejection without the residual', mutantRejection({ residual: (p) => p }), false],
  ['rejection that reads the row after', mutantRejection({ row: (i, gamma) => Math.min(i + 1, gamma) }), false],
  ['rejection that reads the row before', mutantRejection({ row: (i) => Math.max(i - 1, 0) }), false],
  ['rejection with the first q for all tokens', mutantRejection({ q: () => 0 }), false],
  ['rejection that takes q for 1', mutantRejection({ ratio: (p) => p }), false],
  ['rejection with p and q the wrong way round', mutantRejection({ ratio: (p, q) => q / p }), false],
  ['rejection that says one token too many', mutantRejection({ accepted: (i) => i + 1 }), false],
  ['rejection that accepts everything', mutantRejection({ ratio: () => 1 }), false],
  ['block with the residual of rejection', mutantBlock({ scale: () => 1 }), false],
  ['block that drops P from h', mutantBlock({ h: (s) => s }), false],
  ['block whose P may exceed 1', mutantBlock({ cap: Infinity }), false],
  ['block with the row after', mutantBlock({ row: (i, gamma) => Math.min(i + 1, gamma) }), false],
  ['block that keeps the first prefix that fails', mutantBlock({ accepted: (i) => Math.max(0, i - 1) }), false],
  [
    'greedy that does not look at the last token',
    {
      name: 'greedy mutant',
      verify(draft, target) {
        let i = 0
        while (i < draft.tokens.length && (draft.tokens[i] === target.argmax(i) || i === draft.tokens.length - 1)) i++
        return { accepted: i, next: target.argmax(i) }
      },
    },
    true,
  ],
  [
    'greedy that says the row before',
    {
      name: 'greedy mutant',
      verify(draft, target) {
        let i = 0
        while (i < draft.tokens.length && draft.tokens[i] === target.argmax(i)) i++
        return { accepted: i, next: target.argmax(Math.max(0, i - 1)) }
      },
    },
    true,
  ],
]

describe('the suite notices', () => {
  it.each(mutants)('%s', async (_, verifier, isGreedy) => {
    expect(await firstFailure(verifierConformance(verifier, { greedy: isGreedy }))).toBeDefined()
  })
})

describe('excess', () => {
  it('is max(0, p - q), for dense and sparse distributions alike', () => {
    const dense = (...weights: number[]) => Distribution.of(Float64Array.from(weights))
    const sparse = (ids: number[], ...weights: number[]) =>
      Distribution.of(Float64Array.from(weights), Int32Array.from(ids))
    for (const p of [dense(1, 2, 3, 0), sparse([0, 1, 2], 1, 2, 3)]) {
      for (const q of [dense(0, 2, 1, 1), sparse([1, 2, 3], 2, 1, 1)]) {
        const residual = excess(p, q)!
        expect([0, 1, 2, 3].map((token) => residual.probability(token) * residual.total)).toEqual([
          expect.closeTo(1 / 6, 12),
          0,
          expect.closeTo(1 / 4, 12),
          0,
        ])
      }
    }
    expect(excess(dense(1, 1), dense(1, 1))).toBeUndefined()
  })
})

async function firstFailure(cases: readonly Case[]): Promise<string | undefined> {
  for (const { name, run } of cases) {
    try {
      await run()
    } catch {
      return name
    }
  }
  return undefined
}

function mutantRejection(change: {
  residual?: (p: Distribution) => Distribution
  row?: (i: number, gamma: number) => number
  q?: (i: number) => number
  ratio?: (p: number, q: number) => number
  accepted?: (i: number) => number
}): Verifier {
  return {
    name: 'rejection mutant',
    verify(draft, target, chance) {
      const gamma = draft.tokens.length
      const rowOf = change.row ?? ((i: number) => i)
      for (let i = 0; i < gamma; i++) {
        const token = draft.tokens[i]!
        const p = target.distribution(rowOf(i, gamma))
        const q = draft.distributions?.[change.q?.(i) ?? i] ?? Distribution.point(token)
        const ratio = (change.ratio ?? ((a, b) => a / b))(p.probability(token), q.probability(token))
        if (chance.happens(ratio)) continue
        const next = chance.draw(change.residual?.(p) ?? excess(p, q) ?? p)
        return { accepted: Math.min(gamma, change.accepted?.(i) ?? i), next }
      }
      return { accepted: gamma, next: chance.draw(target.distribution(rowOf(gamma, gamma))) }
    },
  }
}

function mutantBlock(change: {
  scale?: (keep: number) => number
  h?: (s: number, keep: number) => number
  cap?: number
  row?: (i: number, gamma: number) => number
  accepted?: (i: number) => number
}): Verifier {
  return {
    name: 'block mutant',
    verify(draft, target, chance) {
      const gamma = draft.tokens.length
      const rowOf = change.row ?? ((i: number) => i)
      const q = (i: number) => draft.distributions?.[i] ?? Distribution.point(draft.tokens[i]!)
      const keep = [1]
      for (let i = 0; i < gamma; i++) {
        const token = draft.tokens[i]!
        const ratio = target.distribution(rowOf(i, gamma)).probability(token) / q(i).probability(token)
        keep.push(Math.min(change.cap ?? 1, keep[i]! * ratio))
      }
      if (chance.happens(keep[gamma]!)) return { accepted: gamma, next: chance.draw(target.distribution(gamma)) }
      for (let i = gamma - 1; ; i--) {
        const p = target.distribution(rowOf(i, gamma))
        const residual = excess(p, q(i), (change.scale ?? ((x) => x))(keep[i]!))
        const s = residual?.total ?? 0
        const h = change.h?.(s, keep[i]!) ?? s / (s + 1 - keep[i]! || 1)
        if (i === 0 || chance.happens(h)) {
          return { accepted: change.accepted?.(i) ?? i, next: chance.draw(residual ?? p) }
        }
      }
    },
  }
}
