import { describe, expect, it } from 'vitest'
import { fixedLength } from './length/fixed.js'
import { confidenceLength } from './length/confidence.js'
import type { LengthPolicy } from './length/policy.js'
import type { Chance } from './sampling/chance.js'
import { createSampler } from './sampling/chain.js'
import type { SamplingOptions } from './sampling/options.js'
import { draftModel } from './strategies/draft-model.js'
import { promptLookup } from './strategies/prompt-lookup.js'
import type { DraftStrategy } from './strategy.js'
import { distance, enumerate, tally } from './testing/enumerate.js'
import { say } from './testing/say.js'
import { randomTable, ToyModel } from './testing/toy-model.js'
import { block } from './verify/block.js'
import { greedy } from './verify/greedy.js'
import { rejection } from './verify/rejection.js'
import type { Verifier } from './verify/verifier.js'

const vocabSize = 3
const prompt = [0, 1, 0]
const toy = (seed: number) => new ToyModel({ vocabSize, next: randomTable({ seed, vocabSize, order: 2 }) })
const silent: DraftStrategy = { name: 'none', open: () => ({ propose: () => ({ tokens: [] }) }) }

interface Setting {
  strategy: DraftStrategy
  verifier: Verifier
  length: LengthPolicy
  sampling: SamplingOptions
}

/** The first `count` tokens that the real loop says, with the real chain, on one branch of chance. */
async function run({ strategy, verifier, length, sampling }: Setting, count: number, chance: Chance) {
  const model = toy(1)
  const sampler = createSampler(sampling)
  const drafter = await strategy.open({ target: model, sampler })
  return say({ model, prompt, count, sampler, verifier, chance, drafter, length })
}

const chains: SamplingOptions[] = [
  { temperature: 1 },
  { temperature: 0.6, topK: 2 },
  { temperature: 1.5, topP: 0.7, minP: 0.1 },
]
const strategies: [string, () => DraftStrategy][] = [
  ['a draft model', () => draftModel({ model: toy(2) })],
  ['a colder draft model', () => draftModel({ model: toy(2), temperature: 0.4 })],
  ['an argmax draft model', () => draftModel({ model: toy(2), temperature: 0 })],
  ['prompt lookup', () => promptLookup({ shortest: 1 })],
]
const lengths = [fixedLength(1), fixedLength(2), confidenceLength({ threshold: 0.5, max: 2 })]

describe('the whole loop has exactly the distribution of plain decoding', () => {
  for (const sampling of chains) {
    for (const verifier of [rejection, block]) {
      for (const length of lengths) {
        it.each(strategies)(`${verifier.name}, ${length.name}, ${JSON.stringify(sampling)}, %s`, async (_, make) => {
          const plain = { strategy: silent, verifier, length: fixedLength(0), sampling }
          const wanted = tally(await enumerate((chance) => run(plain, 3, chance)))
          const seen = tally(
            await enumerate((chance) => run({ strategy: make(), verifier, length, sampling }, 3, chance)),
          )
          expect(distance(seen, wanted)).toBeLessThan(1e-12)
        })
      }
    }
  }

  it.each(strategies)('greedy, %s', async (_, make) => {
    const plain = { strategy: silent, verifier: greedy, length: fixedLength(0), sampling: {} }
    const wanted = tally(await enumerate((chance) => run(plain, 5, chance)))
    const drafted = { strategy: make(), verifier: greedy, length: fixedLength(2), sampling: {} }
    const seen = tally(await enumerate((chance) => run(drafted, 5, chance)))
    expect([...seen.keys()]).toEqual([...wanted.keys()])
    expect(wanted.size).toBe(1)
  })
})

it('a stopping rule that looks at the drawn token is caught: it is not lossless', async () => {
  const peeking: DraftStrategy = {
    name: 'peeking',
    async open(init) {
      const inner = await draftModel({ model: toy(2) }).open(init)
      return {
        async propose(context, request) {
          const { tokens, distributions } = await inner.propose(context, request)
          // Keeps only drafts that it likes the look of.
          return tokens[0] === 0 ? { tokens, distributions } : { tokens: [] }
        },
      }
    },
  }
  const sampling = { temperature: 1 }
  const plain = { strategy: silent, verifier: rejection, length: fixedLength(0), sampling }
  const wanted = tally(await enumerate((chance) => run(plain, 2, chance)))
  const seen = tally(
    await enumerate((chance) =>
      run({ strategy: peeking, verifier: rejection, length: fixedLength(1), sampling }, 2, chance),
    ),
  )
  expect(distance(seen, wanted)).toBeGreaterThan(1e-3)
})
