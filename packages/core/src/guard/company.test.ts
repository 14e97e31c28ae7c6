import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { Guard } from './guard.js'
import { PassTimes } from './pass-times.js'
import { Prospects } from './prospects.js'
import { luck } from './simulate.js'

/** In milliseconds. Only passes let it go on. */
let clock = 0
beforeAll(() => void vi.spyOn(performance, 'now').mockImplementation(() => clock))
afterAll(() => void vi.restoreAllMocks())

interface Company {
  /** How many share the passes. */
  readonly texts: number
  /** The probability that a drafted token is right. */
  readonly alpha: number
}

/** T(n) of a 350m model on two cores: free up to 6 tokens, 3.5 ms for each beyond. A pass of its draft takes 4 ms. */
const pass = (tokens: number): number => 27 + 3.5 * Math.max(0, tokens - 6)
const draft = (tokens: number): number => 3.6 + 0.4 * tokens
const curve = Array.from({ length: 16 }, (_, i) => ({ tokens: i + 1, ms: pass(i + 1) }))

/**
 * What drafts bring to texts that go through the same passes, as times plain decoding, and how many made a trial in each
 * round.
 *
 * @param fixed How much is drafted, where the guard is not asked.
 */
function run({ texts, alpha }: Company, rounds: number, fixed?: number) {
  const passes = new PassTimes(curve)
  const prospects = new Prospects(draft(1))
  const guards = Array.from({ length: texts }, () => new Guard(prospects, passes, 2 * rounds))
  const trials: number[] = []
  let tokens = 0
  const started = (clock = 0)
  for (let round = 0; round < rounds; round++) {
    const decisions = guards.map((guard) => (fixed === undefined ? guard.next(100) : { kind: 'draft', most: fixed }))
    const goOn = (text: number, i: number, confidence?: number): boolean =>
      fixed === undefined ? guards[text]!.goOn(i, confidence) : true
    trials.push(decisions.filter(({ kind }) => kind === 'trial').length)
    const right = (text: number, i: number): boolean => luck(round * 64 + i, text) < alpha
    const drafts = guards.map(() => ({ drafted: 0, ms: 0 }))
    let going = guards.map((_, text) => text).filter((text) => decisions[text]!.most > 0)
    const from = clock
    for (let i = 0; going.length > 0; i++) {
      clock += draft(going.length)
      for (const text of going) drafts[text]!.ms = clock - from
      going = going.filter((text) => goOn(text, i, right(text, i) ? 0.9 : 0.6))
      for (const text of going) drafts[text]!.drafted++
      going = going.filter((text) => i + 1 < decisions[text]!.most && goOn(text, i + 1))
    }
    const width = drafts.reduce((sum, { drafted }) => sum + drafted + 1, 0)
    const shared = { tokens: width, sequences: texts, ms: pass(width) }
    clock += shared.ms
    for (const [text, { drafted, ms }] of drafts.entries()) {
      let accepted = 0
      while (accepted < drafted && right(text, accepted)) accepted++
      tokens += accepted + 1
      passes.observeRound(drafted + 1, shared.ms, shared)
      guards[text]!.observe({ drafted, accepted, draftMs: ms, totalMs: ms + shared.ms })
    }
  }
  return { speedup: (tokens * pass(texts)) / ((clock - started) * texts), trials }
}

describe('the guard, for texts that share their passes', () => {
  it.each([
    { texts: 2, alpha: 0.95 },
    { texts: 2, alpha: 0.7 },
    { texts: 4, alpha: 0.95 },
  ])('drafts as long as the passes of all have room: %j', (company) => {
    const best = Math.max(...[1, 2, 3, 4, 6, 8].map((length) => run(company, 200, length).speedup))
    expect(best).toBeGreaterThan(1.2)
    expect(run(company, 200).speedup).toBeGreaterThan(0.95 * best)
  })

  it.each([
    { texts: 2, alpha: 0 },
    { texts: 4, alpha: 0.3 },
    { texts: 8, alpha: 0 },
    { texts: 8, alpha: 0.95 },
    { texts: 16, alpha: 0.95 },
  ])('costs next to nothing where nothing pays: %j', (company) => {
    expect(run(company, 300).speedup).toBeGreaterThan(0.97)
  })

  it('lets one of them try again, while the others wait', () => {
    const { trials } = run({ texts: 4, alpha: 0.3 }, 600)
    expect(trials).toContain(1)
    expect(Math.max(...trials)).toBe(1)
  })
})
