import type { TokenId } from '../model.js'
import type { Chance } from '../sampling/chance.js'
import { Distribution } from '../sampling/distribution.js'
import type { Draft, Verdict } from '../strategy.js'
import type { Verifier } from '../verify/verifier.js'
import { expect, type Case } from './case.js'
import { distance, enumerate, tally } from './enumerate.js'
import { randomTable } from './toy-model.js'

/** The probabilities of the next token after a context, one for each token of the vocabulary. */
export type Table = (context: readonly TokenId[]) => readonly number[]

/** A target p and a draft q, both functions of the context. */
export interface Contest {
  readonly name: string
  readonly vocabSize: number
  readonly p: Table
  readonly q: Table
  readonly gamma: number
  /** Whether the draft says what it drew from. If not, it proposes the likeliest tokens as certain ones. */
  readonly sampled: boolean
}

/** The largest difference between two probabilities that rounding can explain. */
const tolerance = 1e-12

/**
 * Proves a verifier exact by enumeration: whatever p, q and draft length, the joint distribution of the output is the
 * target's, within 1e-12.
 *
 * @param options.greedy For a verifier of temperature 0: the target's distributions are single tokens.
 */
export function verifierConformance(verifier: Verifier, options: { greedy?: boolean } = {}): Case[] {
  const greedy = options.greedy ?? false
  return contests(greedy).map((contest) => ({
    name: `${verifier.name}: ${contest.name}`,
    async run() {
      const wanted = new Map<string, number>()
      plain(contest, [], 1, contest.gamma + 1, wanted)
      const branches = await enumerate((chance) => say(verifier, contest, contest.gamma + 1, chance))
      const mass = branches.reduce((sum, branch) => sum + branch.probability, 0)
      expect(Math.abs(mass - 1) <= tolerance, () => `the branches sum to ${mass}, not 1`)
      const error = distance(tally(branches), wanted)
      expect(error <= tolerance, () => `the output distribution is off by ${error}`)
    },
  }))
}

/** The expected number of drafted tokens that a verifier keeps in one round, exactly. */
export async function expectedAccepted(verifier: Verifier, contest: Contest): Promise<number> {
  const branches = await enumerate((chance) => round(verifier, contest, [], contest.gamma, chance).verdict.accepted)
  return branches.reduce((sum, { value, probability }) => sum + value * probability, 0)
}

/** Random pairs of p and q in every shape that a verifier must be right for. */
export function contests(greedy = false): Contest[] {
  const all: Contest[] = []
  for (const vocabSize of [3, 4]) {
    for (let gamma = 0; gamma <= 3; gamma++) {
      for (const [zeros, seeds] of [
        [0, 3],
        [0.4, 3],
      ] as const) {
        for (let seed = 1; seed <= (vocabSize === 4 && gamma === 3 ? 1 : seeds); seed++) {
          for (const sampled of gamma === 0 ? [true] : [true, false]) {
            const p = remembered(randomTable({ seed, vocabSize, zeros }))
            const q = remembered(randomTable({ seed: seed + 1000, vocabSize, zeros }))
            const kind = sampled ? 'sampled draft' : 'point-mass draft'
            all.push({
              name: `${vocabSize} tokens, gamma ${gamma}, ${kind}, ${zeros ? 'with zeros' : 'no zeros'}, seed ${seed}`,
              vocabSize,
              p: greedy ? peak(p) : p,
              q,
              gamma,
              sampled,
            })
          }
        }
      }
      if (gamma > 0) {
        const p = remembered(randomTable({ seed: 5, vocabSize }))
        all.push({
          name: `${vocabSize} tokens, gamma ${gamma}, draft equals target`,
          vocabSize,
          p: greedy ? peak(p) : p,
          q: p,
          gamma,
          sampled: true,
        })
      }
    }
  }
  return all
}

/** The distribution of the first `length` tokens as the target alone says them. */
function plain({ p }: Contest, said: TokenId[], probability: number, length: number, into: Map<string, number>): void {
  if (said.length === length) {
    into.set(String(said), probability)
    return
  }
  p(said).forEach((next, token) => {
    if (next > 0) plain({ p } as Contest, [...said, token], probability * next, length, into)
  })
}

/** The first `length` tokens as rounds of speculation say them. */
function say(verifier: Verifier, contest: Contest, length: number, chance: Chance): TokenId[] {
  const said: TokenId[] = []
  while (said.length < length) {
    // As at the end of a generation: no more is drafted than is wanted.
    const gamma = Math.min(contest.gamma, length - said.length - 1)
    const { draft, verdict } = round(verifier, contest, said, gamma, chance)
    said.push(...draft.tokens.slice(0, verdict.accepted), verdict.next)
  }
  return said
}

function round(
  verifier: Verifier,
  { p, q, sampled }: Contest,
  context: readonly TokenId[],
  gamma: number,
  chance: Chance,
): { draft: Draft; verdict: Verdict } {
  const tokens: TokenId[] = []
  const distributions: Distribution[] = []
  for (let i = 0; i < gamma; i++) {
    const weights = q([...context, ...tokens])
    const distribution = Distribution.of(Float64Array.from(weights))
    distributions.push(distribution)
    tokens.push(sampled ? chance.draw(distribution) : weights.indexOf(Math.max(...weights)))
  }
  const row = (index: number): readonly number[] => {
    expect(index >= 0 && index <= gamma, () => `row ${index} was asked for, of ${gamma + 1}`)
    return p([...context, ...tokens.slice(0, index)])
  }
  const draft: Draft = sampled ? { tokens, distributions } : { tokens }
  const verdict = verifier.verify(
    draft,
    {
      position: context.length,
      logits: (index) => Float32Array.from(row(index), Math.log),
      argmax: (index) => row(index).indexOf(Math.max(...row(index))),
      distribution: (index) => Distribution.of(Float64Array.from(row(index))),
    },
    chance,
  )
  const { accepted, next } = verdict
  expect(
    Number.isInteger(accepted) && accepted >= 0 && accepted <= gamma,
    () => `${accepted} of ${gamma} tokens accepted`,
  )
  expect(Number.isInteger(next) && next >= 0, () => `the next token is ${next}`)
  return { draft, verdict }
}

/** Enumeration asks for the same contexts over and over. */
function remembered(table: Table): Table {
  const known = new Map<string, readonly number[]>()
  return (context) => {
    const key = String(context)
    let row = known.get(key)
    if (!row) known.set(key, (row = table(context)))
    return row
  }
}

/** Everything on the likeliest token. */
function peak(table: Table): Table {
  return (context) => {
    const weights = table(context)
    const best = weights.indexOf(Math.max(...weights))
    return weights.map((_, token) => (token === best ? 1 : 0))
  }
}
