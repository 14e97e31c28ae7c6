import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { generate } from '../generate.js'
import { luck, pair, timed, timeOf, type Machine, type Text } from '../guard/simulate.js'
import { automaticLength } from '../length/automatic.js'
import { fixedLength } from '../length/fixed.js'
import { createSampler } from '../sampling/chain.js'
import type { DraftStrategy } from '../strategy.js'
import { distance, enumerate, tally } from '../testing/enumerate.js'
import { say } from '../testing/say.js'
import { strategyConformance } from '../testing/strategy-conformance.js'
import { randomTable, ToyModel } from '../testing/toy-model.js'
import { block } from '../verify/block.js'
import { rejection } from '../verify/rejection.js'
import { draftModel } from './draft-model.js'
import { promptLookup } from './prompt-lookup.js'
import { router } from './router.js'

/** The only clock there is: see guard/simulate.ts. */
const clock = { now: 0 }
beforeAll(() => void vi.spyOn(performance, 'now').mockImplementation(() => clock.now))
afterAll(() => void vi.restoreAllMocks())

const vocabSize = 4
const toy = (seed: number) =>
  new ToyModel({ vocabSize, next: randomTable({ seed, vocabSize, order: 2 }), maxSequences: 8 })

describe('router conforms', () => {
  it.each(strategyConformance(() => router(promptLookup({ shortest: 1 }), draftModel({ model: toy(2) }))))(
    '$name',
    ({ run }) => run(),
  )
  it('is of at least one', () => expect(() => router()).toThrow('at least one'))
})

const machine: Machine = { pass: (n) => 50 * (0.93 + 0.07 * n), draft: (n) => 6 * (0.9 + 0.1 * n) }
const text = (alpha: Text['alpha']): Text => ({ alpha, confidence: () => 0.9 })

/** A lookup that costs nothing, says nothing about half of the places, and is right about the others with probability `alpha`. */
function lookup(name: string, alpha: (position: number) => number, truth: (position: number) => number): DraftStrategy {
  return {
    name,
    open: () => ({
      propose(context, { goOn, maxTokens }) {
        const tokens: number[] = []
        while (tokens.length < maxTokens && goOn(tokens.length, 1)) {
          const at = context.length + tokens.length
          tokens.push((truth(at) + (luck(at, 77) < alpha(at) ? 0 : 1)) % 8)
        }
        return { tokens }
      },
    }),
  }
}

describe('the router', () => {
  const tokens = 300
  const models = (alpha: number) =>
    pair(
      machine,
      text(() => alpha),
      clock,
    )
  const truth = (position: number) => Math.floor(luck(position, 100) * 8)
  const speedup = async (models: ReturnType<typeof pair>, strategy: DraftStrategy) => {
    // Once to be known, once to be measured.
    await timeOf(models, automaticLength(), { tokens, strategy })
    const { ms, stats } = await timeOf(models, automaticLength(), { tokens, strategy })
    return { gain: (tokens * machine.pass(1)) / ms, stats }
  }

  it.each([
    ['the model is better', 0.9, 0.3],
    ['the lookup is better', 0.3, 0.9],
    ['both are good', 0.9, 0.9],
    ['neither is', 0.05, 0.05],
  ])('is as fast as the better one where %s', async (_, modelAlpha, lookupAlpha) => {
    const [a, b, c] = [models(modelAlpha), models(modelAlpha), models(modelAlpha)]
    const model = await speedup(a, draftModel({ model: a.draft }))
    const found = await speedup(
      b,
      lookup('lookup', () => lookupAlpha, truth),
    )
    const both = await speedup(
      c,
      router(
        lookup('lookup', () => lookupAlpha, truth),
        draftModel({ model: c.draft }),
      ),
    )
    expect(both.gain).toBeGreaterThan(0.94 * Math.max(model.gain, found.gain))
    expect(both.gain).toBeGreaterThan(0.97)
  })

  it('is faster than either where each knows a part of the text', async () => {
    const half = (position: number) => Math.floor(position / 60) % 2
    const parts = () =>
      pair(machine, { alpha: (at) => (half(at) ? 0.95 : 0.05), confidence: (right) => (right ? 0.97 : 0.4) }, clock)
    const copy = () => lookup('lookup', (at) => (half(at) ? 0.05 : 0.95), truth)
    const [a, b, c] = [parts(), parts(), parts()]
    const model = await speedup(a, draftModel({ model: a.draft }))
    const found = await speedup(b, copy())
    const both = await speedup(c, router(copy(), draftModel({ model: c.draft })))
    expect(both.gain).toBeGreaterThan(1.15 * Math.max(model.gain, found.gain))
    const { drafters } = both.stats.length!
    expect(drafters['lookup']!.accepted).toBeGreaterThan(50)
    expect(drafters['draft-model']!.accepted).toBeGreaterThan(50)
  })

  it('learns of a lookup also where another was asked', async () => {
    // The model is good from the start; the lookup becomes better later, without having been asked.
    const parts = pair(
      machine,
      text(() => 0.85),
      clock,
    )
    const copy = lookup('lookup', (at) => (at < 200 ? 0.1 : 1), truth)
    const { stats } = await timeOf(parts, automaticLength(), {
      tokens: 600,
      strategy: router(copy, draftModel({ model: parts.draft })),
    })
    expect(stats.length!.drafters['lookup']!.accepted).toBeGreaterThan(250)
  })

  it('drafts with a fixed length too, and tells who drafted', async () => {
    const parts = models(0.9)
    const strategy = router(
      lookup('lookup', () => 0.5, truth),
      draftModel({ model: parts.draft }),
    )
    const drafts: (string | undefined)[] = []
    const watched: DraftStrategy = {
      name: 'watched',
      async open(init) {
        const drafter = await strategy.open(init)
        return {
          ...drafter,
          async propose(context, request) {
            const draft = await drafter.propose(context, request)
            if (draft.tokens.length > 0) drafts.push(draft.by)
            expect(draft.tokens.length).toBeLessThanOrEqual(3)
            return draft
          },
          observe: (...told) => drafter.observe?.(...told),
          dispose: () => drafter.dispose?.(),
        }
      },
    }
    await generate({
      model: parts.target,
      prompt: [0],
      maxTokens: 60,
      strategy: watched,
      length: fixedLength(3),
    }).result()
    expect(new Set(drafts)).toContain('draft-model')
    expect(drafts).not.toContain(undefined)
  })
})

describe('the router is exact', () => {
  const small = 3
  const model = (seed: number) =>
    new ToyModel({ vocabSize: small, next: randomTable({ seed, vocabSize: small, order: 2 }) })
  const curve = Array.from({ length: 16 }, (_, i) => ({ tokens: i + 1, ms: machine.pass(i + 1) }))

  it.each([rejection, block])(
    'whoever it asks, $name',
    async (verifier) => {
      const run = async (
        strategy: DraftStrategy | undefined,
        chance: Parameters<Parameters<typeof enumerate>[0]>[0],
      ) => {
        clock.now = 0
        const target = timed(model(1), machine.pass, clock, curve)
        const sampler = createSampler({ temperature: 1 })
        const drafter = await strategy?.open({ target, sampler })
        const length = strategy ? fixedLength(2) : fixedLength(0)
        return say({ model: target, prompt: [0, 1, 0], count: 4, sampler, verifier, chance, drafter, length })
      }
      const strategy = () =>
        router(
          promptLookup({ shortest: 1 }),
          draftModel({ model: timed(model(2), machine.draft, clock, undefined) }),
          draftModel({ model: timed(model(3), () => 0.01, clock, undefined), temperature: 0.7 }),
        )
      const wanted = tally(await enumerate((chance) => run(undefined, chance)))
      const seen = tally(await enumerate((chance) => run(strategy(), chance)))
      expect(distance(seen, wanted)).toBeLessThan(1e-12)
    },
    120_000,
  )
})
