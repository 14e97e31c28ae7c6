import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { automaticLength } from '../length/automatic.js'
import { fixedLength } from '../length/fixed.js'
import type { LengthPolicy } from '../length/policy.js'
import { createSampler } from '../sampling/chain.js'
import { draftModel } from '../strategies/draft-model.js'
import { promptLookup } from '../strategies/prompt-lookup.js'
import type { DraftStrategy } from '../strategy.js'
import { distance, enumerate, tally } from '../testing/enumerate.js'
import { say } from '../testing/say.js'
import { randomTable, ToyModel } from '../testing/toy-model.js'
import { block } from '../verify/block.js'
import { rejection } from '../verify/rejection.js'
import { luck, pair, timed, timeOf, type Machine, type Text } from './simulate.js'

/** The only clock there is: what passes take is added to it, so that every figure here comes out the same each time. */
const clock = { now: 0 }
beforeAll(() => void vi.spyOn(performance, 'now').mockImplementation(() => clock.now))
afterAll(() => void vi.restoreAllMocks())

/** T(n) as measured: the first figure is T(1) in milliseconds, the others T(n)/T(1). */
function measured(ms: number, ratios: Readonly<Record<number, number>>): (tokens: number) => number {
  const widths = Object.keys(ratios).map(Number)
  return (tokens) => {
    const at = widths.findIndex((width) => width >= tokens)
    const [low, high] = at < 0 ? [1, widths.at(-1)!] : [widths[Math.max(0, at - 1)]!, widths[at]!]
    const slope = high === low ? 0 : (ratios[high]! - ratios[low]!) / (high - low)
    return ms * (ratios[low]! + slope * (tokens - low))
  }
}

/** Draft steps that take `c` of a target step, and a tenth of that for each token more. */
const draft = (ms: number, c: number) => (tokens: number) => ms * c * (0.9 + 0.1 * tokens)

const machines: Record<string, Machine> = {
  // Two CPU cores, with kernels whose second token costs as much as the first.
  'a 350m model on a CPU': {
    pass: measured(27, { 1: 1, 2: 1.95, 4: 2.16, 6: 2.43, 7: 2.94, 9: 3.08, 12: 3.75, 16: 4.53, 24: 5.76, 48: 11 }),
    draft: draft(27, 0.14),
  },
  'a 1.1b model on a CPU': {
    pass: measured(86, { 1: 1, 2: 1.35, 4: 1.53, 6: 1.67, 7: 2.02, 9: 2.28, 12: 2.55, 16: 3.49, 24: 4.74, 48: 8.9 }),
    draft: draft(86, 0.13),
  },
  'a GPU': { pass: (n) => 20 * (0.99 + 0.01 * n), draft: draft(20, 0.1) },
  'a draft that is hardly smaller': { pass: (n) => 20 * (0.95 + 0.05 * n), draft: draft(20, 0.6) },
  'a mixture of experts': { pass: (n) => 20 * n ** 0.85, draft: draft(20, 0.15) },
}

const informed: Text['confidence'] = (right, chance) => (right ? 0.6 + 0.39 * Math.sqrt(chance) : 0.3 + 0.6 * chance)
const blind: Text['confidence'] = () => 0.9
const always = (alpha: number) => () => alpha

const texts: Record<string, Text> = {
  'easy text': { alpha: always(0.95), confidence: informed },
  'text in between': { alpha: always(0.8), confidence: informed },
  'text in between, with a draft that does not know itself': { alpha: always(0.8), confidence: blind },
  'hard text': { alpha: always(0.5), confidence: blind },
  'very hard text': { alpha: always(0.2), confidence: blind },
  'a draft that is always wrong, and sure of itself': { alpha: always(0), confidence: always(0.99) },
  'text that changes': { alpha: (at) => (Math.floor(at / 100) % 2 ? 0.1 : 0.95), confidence: blind },
}

/** Milliseconds of four texts of 128 tokens, one after the other, the first by a draft that nobody has seen before. */
async function total(machine: Machine, text: Text, length: LengthPolicy): Promise<number> {
  const models = pair(machine, text, clock)
  const strategy = draftModel({ model: models.draft })
  let ms = 0
  for (let i = 0; i < 4; i++) ms += (await timeOf(models, length, { tokens: 128, prompt: 20 + 37 * i, strategy })).ms
  return ms
}

describe.each(Object.entries(machines))('%s', (name, machine) => {
  it.each(Object.entries(texts))('%s: never slower, and close to the best fixed length', async (_, text) => {
    const off = await total(machine, text, fixedLength(0))
    const automatic = await total(machine, text, automaticLength())
    expect(off / automatic).toBeGreaterThan(0.97)

    let best = off
    for (const gamma of [1, 2, 3, 4, 5, 6, 8, 10, 13, 16])
      best = Math.min(best, await total(machine, text, fixedLength(gamma)))
    // Where even the best length gains less than a tenth, finding it out costs some of that.
    expect(best / automatic).toBeGreaterThan(off / best < 1.1 ? 0.9 : 0.95)
  })
})

describe('the automatic length', () => {
  const machine = machines['a 1.1b model on a CPU']!
  const run = (machine: Machine, alpha: Text['alpha'], options: { tokens?: number; calibrated?: boolean } = {}) => {
    const { tokens = 300, ...rest } = options
    return timeOf(pair(machine, { alpha, confidence: blind }, clock, rest), automaticLength(), { tokens })
  }

  it('learns T(n) by itself where nobody measured it', async () => {
    const [known, unknown] = [await run(machine, always(0.95)), await run(machine, always(0.95), { calibrated: false })]
    expect(unknown.ms).toBeLessThan(1.1 * known.ms)
  })

  it('comes back when drafts begin to pay', async () => {
    const { stats } = await run(machine, (at) => (at < 170 ? 0 : 0.97), { tokens: 900 })
    const kinds = stats.length!.spans.map(({ kind }) => kind)
    expect(kinds).toContain('off')
    expect(kinds).toContain('trial')
    const last = stats.length!.spans.at(-1)!
    expect(last.kind).toBe('draft')
    expect(last.accepted / last.rounds).toBeGreaterThan(3)
  })

  it('drafts longer where a pass over many tokens costs less', async () => {
    const mean = async (machine: Machine) => {
      const { stats } = await run(machine, always(0.8))
      return stats.drafted / stats.length!.rounds.draft
    }
    expect(await mean(machines['a GPU']!)).toBeGreaterThan(1.1 * (await mean(machine)))
  })

  it('keeps off a width that falls off a cliff', async () => {
    const cliff = { draft: draft(20, 0.1), pass: (n: number) => 20 * (n <= 5 ? 1 + 0.02 * n : 3) }
    const { stats } = await run(cliff, always(0.8))
    expect(stats.acceptedPerRound.length).toBeLessThanOrEqual(5)
    expect(stats.drafted / stats.passes).toBeGreaterThan(2.5)
  })

  it('notices that a machine has become slow at many tokens', async () => {
    let busy = false
    const machine = { pass: (n: number) => (busy ? 20 * n : 20 + n), draft: () => 2 }
    const models = pair(machine, { alpha: always(0.8), confidence: blind }, clock)
    const strategy = draftModel({ model: models.draft })
    const before = await timeOf(models, automaticLength(), { tokens: 200, strategy })
    expect(before.stats.tau).toBeGreaterThan(2)
    busy = true
    const after = await timeOf(models, automaticLength(), { tokens: 400, strategy })
    // 30 tokens stand for reading the prompt.
    expect(after.ms).toBeLessThan((430 * 20) / 0.93)
    expect(after.stats.length!.rounds.off).toBeGreaterThan(200)
  })

  it('bears a machine that stands still now and then', async () => {
    let passes = 0
    const pause = () => (++passes % 25 === 0 ? 1000 : 0)
    const shaky = { draft: (n: number) => machine.draft(n) + pause(), pass: (n: number) => machine.pass(n) + pause() }
    const models = pair(shaky, { alpha: always(0.9), confidence: blind }, clock)
    const strategy = draftModel({ model: models.draft })
    for (let text = 0; text < 3; text++) {
      const { stats } = await timeOf(models, automaticLength(), { tokens: 200, prompt: 20 + 40 * text, strategy })
      expect(stats.tau).toBeGreaterThan(2.5)
    }
  })

  it('asks a drafter that costs nothing every time, and uses what it is sure of', async () => {
    // It is right whenever it says 0.9, wrong whenever it says 0.4.
    const models = pair(machine, { alpha: always(0), confidence: blind }, clock)
    const target = models.target
    const next = async (context: readonly number[]) => {
      const sequence = await target.createSequence()
      const now = clock.now
      const rows = await sequence.forward([...context])
      clock.now = now
      await sequence.dispose()
      return rows.argmax(0)
    }
    const strategy: DraftStrategy = {
      name: 'sometimes',
      open: () => ({
        async propose(context, { goOn, maxTokens }) {
          const sure = luck(context.length, 9) < 0.3
          const tokens: number[] = []
          while (tokens.length < maxTokens && goOn(tokens.length, sure ? 0.9 : 0.4)) {
            const right = await next([...context, ...tokens])
            tokens.push(sure ? right : (right + 1) % 8)
          }
          return { tokens }
        },
      }),
    }
    await timeOf(models, automaticLength(), { tokens: 300, strategy })
    const { stats, ms } = await timeOf(models, automaticLength(), { tokens: 300, strategy })
    expect(stats.alpha).toBeGreaterThan(0.9)
    expect((300 * machine.pass(1)) / ms).toBeGreaterThan(1.5)
  })
})

describe('what is withheld', () => {
  const machine = { pass: (n: number) => 20 + 2 * n, draft: () => 0 }
  /** Costs nothing, is never sure, wrong at first and always right from token 150 on. */
  const late = (tells: boolean, next: (context: readonly number[]) => Promise<number>): DraftStrategy => ({
    name: 'late',
    open: () => ({
      async propose(context, { goOn, maxTokens }) {
        const tokens: number[] = []
        for (;;) {
          const right = await next([...context, ...tokens])
          const token = context.length + tokens.length < 150 ? (right + 1) % 8 : right
          if (tokens.length >= maxTokens) return { tokens }
          if (!goOn(tokens.length, 0.3)) return tells ? { tokens, withheld: token } : { tokens }
          tokens.push(token)
        }
      },
    }),
  })
  const run = async (tells: boolean) => {
    const models = pair(machine, { alpha: always(0), confidence: blind }, clock)
    const next = async (context: readonly number[]) => {
      const now = clock.now
      const sequence = await models.target.createSequence()
      const rows = await sequence.forward([...context])
      clock.now = now
      await sequence.dispose()
      return rows.argmax(0)
    }
    return timeOf(models, automaticLength(), { tokens: 260, prompt: 20, strategy: late(tells, next) })
  }

  it('is drafted soon after it has begun to be right', async () => {
    const [told, untold] = [await run(true), await run(false)]
    expect(told.stats.tau).toBeGreaterThan(1.5)
    expect(told.ms).toBeLessThan(0.8 * untold.ms)
  })
})

describe('the automatic length is exact', () => {
  const vocabSize = 3
  const toy = (seed: number) => new ToyModel({ vocabSize, next: randomTable({ seed, vocabSize, order: 2 }) })
  const machine = machines['a GPU']!
  const curve = Array.from({ length: 16 }, (_, i) => ({ tokens: i + 1, ms: machine.pass(i + 1) }))
  const target = () => timed(toy(1), machine.pass, clock, curve)

  it.each([
    ['a draft model', () => draftModel({ model: timed(toy(2), machine.draft, clock, undefined) })],
    ['a lookup', () => promptLookup({ shortest: 1 })],
  ])('with %s: the distribution is that of plain decoding, on every branch', async (_, make) => {
    const run = async (
      strategy: DraftStrategy | undefined,
      verifier: typeof block,
      chance: Parameters<Parameters<typeof enumerate>[0]>[0],
    ) => {
      clock.now = 0
      const model = target()
      const sampler = createSampler({ temperature: 1 })
      const drafter = await strategy?.open({ target: model, sampler })
      const length = strategy ? automaticLength() : fixedLength(0)
      return say({ model, prompt: [0, 1, 0], count: 4, sampler, verifier, chance, drafter, length })
    }
    for (const verifier of [rejection, block]) {
      const wanted = tally(await enumerate((chance) => run(undefined, verifier, chance)))
      const seen = tally(await enumerate((chance) => run(make(), verifier, chance)))
      expect(distance(seen, wanted)).toBeLessThan(1e-12)
    }
  })
})
