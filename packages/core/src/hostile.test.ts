import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { TokenId } from './model.js'
import type { Chance } from './sampling/chance.js'
import { createSampler } from './sampling/chain.js'
import { Distribution } from './sampling/distribution.js'
import { shield } from './shield.js'
import type { Draft, DraftRequest } from './strategy.js'
import { distance, enumerate, tally } from './testing/enumerate.js'
import { say } from './testing/say.js'
import { randomTable, ToyModel } from './testing/toy-model.js'
import { block, coupled, match, rejection, type Verifier } from './verify/index.js'

/*
 * At a temperature above 0, a drafter that lies about q could change the distribution of the text and nobody would see it in
 * the text. So whatever a drafter does that can be told from its draft must cost it the draft, and the distribution over
 * all branches must stay what it is without one.
 */

const vocabSize = 3
const prompt = [0, 1]
const count = 3
const sampler = createSampler({ temperature: 1, frequencyPenalty: 0.5 }, { promptLength: prompt.length })
const toy = () => new ToyModel({ vocabSize, next: randomTable({ seed: 1, vocabSize, order: 2 }) })

type Propose = (context: readonly TokenId[], request: DraftRequest) => Draft | Promise<Draft>

async function texts(verifier: Verifier, propose?: Propose): Promise<{ texts: Map<string, number>; warnings: number }> {
  let warnings = 0
  const run = (chance: Chance): Promise<TokenId[]> =>
    say({
      model: toy(),
      prompt,
      count,
      sampler,
      verifier,
      chance,
      drafter: propose && shield({ propose }, { vocabSize, patienceMs: () => 2, warn: () => warnings++ }),
    })
  return { texts: tally(await enumerate(run)), warnings }
}

const weight = fc.oneof(
  fc.constantFrom(NaN, Infinity, -Infinity, -1, 0),
  fc.integer({ min: 0, max: 3 }),
  fc.double({ min: 0, max: 2, noNaN: true }),
)
const weights = fc.array(weight, { maxLength: 5 }).map((values) => Float64Array.from(values))
const ids = fc.option(fc.array(fc.integer({ min: -1, max: 4 }), { maxLength: 5 }), { nil: undefined })
/** What is no distribution: the total is not the sum, ids that repeat or fall, weights that are none. */
const broken = fc
  .tuple(weights, ids, fc.oneof(fc.constant(1), weight))
  .map(([values, list, total]) => Distribution.trusted(values, total, list && Int32Array.from(list)))
  .filter((q) => !isHonest(q))
const token = fc.oneof(fc.integer({ min: 0, max: vocabSize - 1 }), fc.integer({ min: -2, max: 6 }), fc.double())
const tokens = fc.array(token, { maxLength: 4 })

const faults: Record<string, fc.Arbitrary<Propose>> = {
  'tokens of any kind, as if certain': tokens.map((list) => () => ({ tokens: list })),
  'a q that is none': fc
    .tuple(tokens, fc.array(broken, { minLength: 1, maxLength: 4 }))
    .map(([list, distributions]) => () => ({ tokens: list, distributions })),
  'a throw': fc.constant(() => {
    throw new Error('ouch')
  }),
  'a rejection': fc.constant(() => Promise.reject(new Error('ouch'))),
  silence: fc.constant(() => new Promise<Draft>(() => {})),
  'a q that changes afterwards': fc.constant<Propose>((context, { chance }) => {
    const values = Float64Array.of(1, 2, 3)
    const q = Distribution.of(values)
    const drafted = chance.draw(q, context.length)
    queueMicrotask(() => queueMicrotask(() => values.fill(5)))
    return { tokens: [drafted], distributions: [q] }
  }),
}

function isHonest({ weights: values, ids: list, total }: Distribution): boolean {
  const sum = [...values].reduce((a, b) => a + b, 0)
  const legal = [...values].every((value) => value >= 0 && value < Infinity) && Math.abs(sum / total - 1) < 1e-6
  const ascending = list?.every((id, i) => id >= 0 && id < vocabSize && (i === 0 || id > list[i - 1]!)) ?? true
  return legal && ascending && (list?.length ?? values.length) === values.length && values.length <= vocabSize
}

for (const verifier of [rejection, block, match, coupled]) {
  it.each(Object.entries(faults))(
    `${verifier.name}: %s leaves the distribution alone (property)`,
    async (name, fault) => {
      const wanted = await texts(verifier)
      await fc.assert(
        fc.asyncProperty(fault, async (propose) => {
          const seen = await texts(verifier, propose)
          expect(distance(seen.texts, wanted.texts)).toBeLessThan(1e-12)
          if (name === 'a throw' || name === 'a rejection' || name === 'silence')
            expect(seen.warnings).toBeGreaterThan(0)
        }),
        { numRuns: name === 'silence' ? 2 : 60 },
      )
    },
  )
}

it('match and coupled stand even a q that the draft was not drawn from, which cannot be told from an honest one', async () => {
  const liar: Propose = () => ({ tokens: [2], distributions: [Distribution.of(Float64Array.of(8, 1, 1))] })
  for (const verifier of [match, coupled]) {
    const wanted = await texts(verifier)
    expect(distance((await texts(verifier, liar)).texts, wanted.texts)).toBeLessThan(1e-12)
  }
  expect(distance((await texts(rejection, liar)).texts, (await texts(rejection)).texts)).toBeGreaterThan(1e-3)
})
