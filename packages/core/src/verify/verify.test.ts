import { describe, expect, it } from 'vitest'
import { coupledChance } from '../sampling/coupled-chance.js'
import { Distribution } from '../sampling/distribution.js'
import type { Case } from '../testing/case.js'
import { contests, expectedAccepted, verifierConformance } from '../testing/verifier-conformance.js'
import type { TokenId } from '../model.js'
import { excess } from './excess.js'
import {
  block,
  coupled,
  greedy,
  lossyThreshold,
  lossyTypical,
  match,
  rejection,
  verifiers,
  type Verifier,
} from './index.js'

describe.each([
  [rejection, false],
  [block, false],
  [rejection, true],
  [block, true],
  [greedy, true],
  [match, false],
  [match, true],
] as const)('$name is exact (greedy target: %s)', (verifier, isGreedy) => {
  it.each(verifierConformance(verifier, { greedy: isGreedy }))('$name', ({ run }) => run())
})

it('coupled is match with other noise', () => {
  expect(coupled.verify).toBe(match.verify)
  expect(coupled.chance).toBe(coupledChance)
})

describe('what is lossy says so, and is', () => {
  it.each([verifiers['lossy-typical'], verifiers['lossy-threshold']])('$name', async (verifier) => {
    expect(verifier.name).toContain('lossy')
    expect(verifier.lossy).toBe(true)
    expect(await firstFailure(verifierConformance(verifier))).toBeDefined()
  })
  it('nothing else says so', () => {
    for (const [name, verifier] of Object.entries(verifiers)) {
      expect(verifier.name).toBe(name)
      expect(verifier.lossy ?? false).toBe(name.startsWith('lossy'))
    }
  })
  it('refuses thresholds that are none', () => {
    expect(() => lossyTypical({ epsilon: 0 })).toThrow('epsilon is 0')
    expect(() => lossyTypical({ delta: 2 })).toThrow('delta is 2')
    expect(() => lossyThreshold({ threshold: NaN })).toThrow('threshold is NaN')
  })
})

describe('acceptance: block >= rejection >= match', () => {
  it.each(contests().filter(({ gamma, sampled }) => gamma > 0 && sampled))('$name', async (contest) => {
    const [least, more, most] = [
      await expectedAccepted(match, contest),
      await expectedAccepted(rejection, contest),
      await expectedAccepted(block, contest),
    ]
    expect(more).toBeGreaterThanOrEqual(least - 1e-12)
    expect(most).toBeGreaterThanOrEqual(more - 1e-12)
  })
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
  ['match that says the draft where it differs', mutantMatch({ next: (next, drafted) => drafted ?? next }), false],
  ['match that draws from the row after', mutantMatch({ row: (i, gamma) => Math.min(i + 1, gamma) }), false],
  ['match that draws from the row before', mutantMatch({ row: (i) => Math.max(i - 1, 0) }), false],
  ['match that forgets what it drew', mutantMatch({ again: true }), false],
  ['match that keeps one token too many', mutantMatch({ accepted: (i, gamma) => Math.min(i + 1, gamma) }), false],
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

function mutantMatch(change: {
  next?: (next: TokenId, drafted: TokenId | undefined) => TokenId
  row?: (i: number, gamma: number) => number
  again?: boolean
  accepted?: (i: number, gamma: number) => number
}): Verifier {
  return {
    name: 'match mutant',
    verify(draft, target, chance) {
      const gamma = draft.tokens.length
      for (let i = 0; ; i++) {
        const p = target.distribution((change.row ?? ((x) => x))(i, gamma))
        const next = chance.draw(p)
        if (next === draft.tokens[i]) continue
        const said = change.again ? chance.draw(p) : (change.next?.(next, draft.tokens[i]) ?? next)
        return { accepted: change.accepted?.(i, gamma) ?? i, next: said }
      }
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
