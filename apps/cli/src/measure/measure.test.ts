import { draftModel, fixedLength, generate } from '@foretoken/core'
import { randomTable, ToyModel } from '@foretoken/core/testing'
import { describe, expect, test } from 'vitest'
import { type Contender, heat, turns } from './contest.js'
import { decode, tokensPerSecond } from './decode.js'
import { findFork, forkMargin, judgeFork } from './fork.js'
import { passCurve, passTime } from './pass-curve.js'
import { distance, passRounding, plainRun } from './rounding.js'
import { predictSpeedup, speedups, summarize } from './summary.js'
import { since, timed } from './timed.js'

const toy = (seed = 1) => new ToyModel({ vocabSize: 4, next: randomTable({ seed, vocabSize: 4 }) })

describe('timed', () => {
  test('counts what goes through, and is the same model otherwise', async () => {
    const model = timed(toy())
    const before = { ...model.totals }
    const sequence = await model.createSequence()
    await sequence.forward([0, 1, 2])
    const rows = await sequence.forward([3], { outputs: 'all' })
    expect(rows.count).toBe(1)
    expect(sequence.tokens).toEqual([0, 1, 2, 3])
    await sequence.truncate(1)
    expect(sequence.length).toBe(1)
    const copy = await sequence.fork!()
    await copy.forward([0])
    expect(since(before, model.totals)).toMatchObject({ forwards: 3, tokens: 5 })
    expect(model.totals.ms).toBeGreaterThan(0)
  })

  test('keeps what only some models have', async () => {
    const passCurve = [{ tokens: 1, ms: 2 }]
    const constraint = {} as never
    const model = timed(Object.assign(toy(), { passCurve, constrain: () => Promise.resolve(constraint) }))
    expect(model.passCurve).toBe(passCurve)
    expect(await model.constrain!({ type: 'json' } as never)).toBe(constraint)
    expect(timed(toy())).not.toHaveProperty('passCurve')
  })

  test('a text is the same through it', async () => {
    const options = { prompt: [0, 1], maxTokens: 20 }
    const direct = await generate({ ...options, model: toy() }).result()
    const wrapped = await generate({ ...options, model: timed(toy()) }).result()
    expect(wrapped.tokens).toEqual(direct.tokens)
  })
})

describe('passCurve', () => {
  test('measures each width once per repetition, and leaves no sequence open', async () => {
    const model = toy()
    const curve = await passCurve({ model, widths: [5, 1, 2, 2], context: [0, 1, 2], repetitions: 3 })
    expect(curve.map(({ width }) => width)).toEqual([1, 2, 5])
    expect(model.passes).toBe(1 + 3 * 4)
    for (const { low, ms, high } of curve) expect(low <= ms && ms <= high).toBe(true)
    for (let i = 0; i < 4; i++) await model.createSequence()
  })

  test('stops early when it takes too long', async () => {
    const model = toy()
    await passCurve({ model, widths: [1], context: [0], repetitions: 50, patienceMs: 0 })
    expect(model.passes).toBe(1 + 4)
  })

  test('passTime interpolates, and goes on beyond the end', () => {
    const point = (width: number, ms: number) => ({ width, ms, low: ms, high: ms })
    const curve = [point(1, 10), point(5, 14), point(9, 26)]
    expect([1, 3, 5, 7, 9, 13].map((width) => passTime(curve, width))).toEqual([10, 12, 14, 20, 26, 34])
    expect(passTime([point(1, 10)], 4)).toBe(10)
    expect(passTime([], 1)).toBeNaN()
  })
})

describe('decode', () => {
  test('leaves the first round to the prompt, and counts where tokens came from', async () => {
    const model = toy()
    const events: string[] = []
    const strategy = draftModel({ model: toy() })
    const run = await decode({ model, prompt: [0], maxTokens: 25, strategy, length: fixedLength(4) }, (event) =>
      events.push(event.type),
    )
    // The draft is the target: each round gives five tokens, the first of them not counted.
    expect(run.result.tokens).toHaveLength(25)
    expect(run.tokens).toBe(20)
    expect(run.origins).toEqual({ accepted: 20, corrected: 0, bonus: 5, plain: 0 })
    expect(events.at(-1)).toBe('finish')
    expect(run.ms).toBeGreaterThan(0)
    expect(run.prefillMs).toBeGreaterThan(0)
  })

  test('the clock stands still while the caller looks', async () => {
    let waited = 0
    const run = await decode({ model: toy(), prompt: [0], maxTokens: 5 }, () => {
      const until = performance.now() + 60
      while (performance.now() < until) waited++
    })
    expect(waited).toBeGreaterThan(0)
    // It looked for 300 ms at the least.
    expect(run.ms + run.prefillMs).toBeLessThan(280)
  })

  test('rates add up tokens and times, not rates', () => {
    expect(
      tokensPerSecond([
        { tokens: 10, ms: 1000 },
        { tokens: 20, ms: 500 },
      ]),
    ).toBe(20)
    expect(tokensPerSecond([])).toBeNaN()
  })
})

describe('contest', () => {
  test('every other heat goes the other way', () => {
    expect([0, 1, 2].map((index) => turns(3, index))).toEqual([
      [0, 1, 2],
      [2, 1, 0],
      [0, 1, 2],
    ])
  })

  test.each([true, false])('same texts, in the order of the contenders (prompt shared: %s)', async (sharePrompt) => {
    const draft = timed(toy(2))
    const contenders: Contender[] = [
      { name: 'plain' },
      { name: 'drafted', strategy: draftModel({ model: draft }), draft },
    ]
    const prompt = { id: 'one', kind: 'code', text: 'abca' }
    const model = toy()
    const { runs } = await heat({ model, contenders, prompt, index: 1, generate: { maxTokens: 30 }, sharePrompt })
    expect(runs.map(({ contender }) => contender)).toEqual(['plain', 'drafted'])
    expect(runs[1]!.result.tokens).toEqual(runs[0]!.result.tokens)
    expect(runs[0]!.draftForwardMs).toBe(0)
    expect(runs[1]!.draftForwardMs).toBeGreaterThan(0)
    expect(runs[0]!.result.stats.cachedTokens).toBe(sharePrompt ? 3 : 0)
    for (let i = 0; i < 4; i++) await model.createSequence()
  })
})

test('a strategy may depend on the prompt', async () => {
  const asked: (string | undefined)[] = []
  const strategy: Contender['strategy'] = ({ prediction }) => {
    asked.push(prediction)
    return prediction === undefined ? undefined : draftModel({ model: toy(2) })
  }
  const prompt = { id: 'one', kind: 'code', text: 'abca' }
  const options = { model: toy(), contenders: [{ name: 'it', strategy }], index: 0, generate: { maxTokens: 8 } }
  const without = await heat({ ...options, prompt })
  const having = await heat({ ...options, prompt: { ...prompt, prediction: 'abc' } })
  expect(asked).toEqual([undefined, 'abc'])
  expect(without.runs[0]!.result.stats.drafted).toBe(0)
  expect(having.runs[0]!.result.stats.drafted).toBeGreaterThan(0)
})

describe('summary', () => {
  const run = (tokens: number, ms: number) => ({
    contender: 'x',
    tokens,
    ms,
    prefillMs: 5,
    draftForwardMs: 30,
    origins: { accepted: 16, corrected: 4, bonus: 2, plain: 0 },
    result: {
      tokens: [1, 2, 3],
      stats: {
        passes: 6,
        tokens: 22,
        drafted: 24,
        otherMs: 2,
        draftMs: 34,
        decodeMs: 340,
        acceptedPerRound: [1, 0, 1, 0, 4],
      },
    } as unknown as Awaited<ReturnType<typeof decode>>['result'],
  })

  test('pools counts, and takes the geometric mean of ratios', () => {
    const plain = [run(20, 1000), run(20, 1000)]
    const fast = [run(20, 250), run(20, 1000)]
    expect(speedups(fast, plain)).toEqual([4, 1])
    const summary = summarize(fast, plain)
    expect(summary.speedup).toBeCloseTo(2, 12)
    expect(summary.alpha).toBe(0.8)
    expect(summary.tau).toBeCloseTo(44 / 12, 12)
    expect(summary.drafted).toBe(4)
    expect(summary.overheadMs).toBeCloseTo(1, 12)
    expect(summary.draftShare).toBeCloseTo(0.1, 12)
    expect(summary.fresh).toBe(1)
    expect(summary.kept).toEqual([10 / 12, 10 / 12, 8 / 12, 8 / 12])
    expect(summary.tokensPerSecond).toBe(32)
    expect(summarize(plain).speedup).toBeNaN()
  })

  test('leaves out texts that were too short to time', () => {
    expect(speedups([run(0, 0), run(20, 500)], [run(0, 0), run(20, 1000)])).toEqual([2])
  })

  test('predictions: flat passes and a free draft give E, real costs less', () => {
    const input = { alpha: 0.8, tau: 3, drafted: 4, gamma: 4, draftStepMs: 0, overheadMs: 0 }
    expect(predictSpeedup({ ...input, pass: () => 10 }).speedup).toBeCloseTo((1 - 0.8 ** 5) / 0.2, 12)
    const real = predictSpeedup({ ...input, pass: (n) => 8 + 2 * n, draftStepMs: 1, overheadMs: 0.5 })
    expect(real.speedup).toBeCloseTo((3.3616 * 10) / (4 + 18 + 0.5), 12)
  })

  test('predictions for lengths that change come from what was measured', () => {
    const input = { alpha: 0.8, tau: 3, drafted: 2.5, draftStepMs: 2, overheadMs: 0 }
    expect(predictSpeedup({ ...input, pass: (n) => 8 + 2 * n }).speedup).toBeCloseTo((3 * 10) / (5 + 15), 12)
    const nothing = { alpha: NaN, tau: 1, drafted: 0, draftStepMs: NaN, overheadMs: 0, pass: () => 10 }
    expect(predictSpeedup(nothing).speedup).toBe(1)
  })
})

describe('fork', () => {
  test('is the first difference; an end is one', () => {
    expect(findFork([1, 2, 3], [1, 2, 3])).toBeUndefined()
    expect(findFork([1, 2, 3], [1, 0, 3])).toEqual({ position: 1, plain: 2, other: 0 })
    expect(findFork([1, 2, 3], [1, 2])).toEqual({ position: 2, plain: 3, other: undefined })
  })

  test('the margin is what the target preferred its own token by', () => {
    const { tokenizer } = new ToyModel({ vocabSize: 4, next: () => [], end: 3 })
    const logits = Float32Array.of(2, 1.5, 0.5, -1)
    expect(forkMargin(logits, 1, tokenizer)).toBe(0.5)
    expect(forkMargin(logits, undefined, tokenizer)).toBe(3)
    expect(forkMargin(logits, 0, tokenizer)).toBe(0)
  })

  test('is a near-tie only within the rounding', () => {
    expect(judgeFork(0, 0)).toBe('near-tie')
    expect(judgeFork(0.01, 0)).toBe('bug')
    expect(judgeFork(0.08, 0.04)).toBe('near-tie')
    expect(judgeFork(0.09, 0.04)).toBe('bug')
    expect(judgeFork(NaN, 0.04)).toBe('bug')
    expect(judgeFork(0.01, NaN)).toBe('bug')
  })
})

describe('rounding', () => {
  const prompt = [0, 1, 2]

  test('a plain run is what generate says, with the logits before each token and those behind the last', async () => {
    const run = await plainRun({ model: toy(), prompt, maxTokens: 20 })
    const { tokens } = await generate({ model: toy(), prompt, maxTokens: 20 }).result()
    expect(run).toMatchObject({ text: tokens, ended: false })
    expect(run.rows).toHaveLength(21)
    const again = await plainRun({ model: toy(), prompt, maxTokens: 20, text: tokens.slice(0, 5) })
    expect(again.text).toEqual(tokens.slice(0, 5))
    expect(again.rows).toEqual(run.rows.slice(0, 6))
  })

  test('a plain run knows the end of a text, and leaves no sequence open', async () => {
    const model = new ToyModel({ next: ({ length }) => (length < 5 ? [1, 0, 0, 0] : [0, 0, 0, 1]), end: 3 })
    for (let i = 0; i < 5; i++) {
      expect(await plainRun({ model, prompt: [0, 1], maxTokens: 9 })).toMatchObject({ text: [0, 0, 0], ended: true })
      expect(await plainRun({ model, prompt: [0, 1], maxTokens: 3 })).toMatchObject({ text: [0, 0, 0], ended: false })
    }
  })

  test('is what a pass over several tokens does otherwise, for each row, in passes as wide as asked for', async () => {
    const plain = await plainRun({ model: toy(), prompt, maxTokens: 9 })
    expect(await passRounding({ model: toy(), plain, widths: [4] })).toEqual(Array(10).fill(0))
    const off = await passRounding({ model: skewed(toy(), 0.25), plain, widths: [1, 4] })
    expect(off.map((each) => Math.round(each * 100))).toEqual([0, 25, 25, 25, 25, 0, 25, 25, 25, 25])
  })

  test('nothing is rolled back for it', async () => {
    const model = new ToyModel({ next: randomTable({ seed: 1, vocabSize: 4 }), rollback: 'none' })
    const plain = await plainRun({ model, prompt, maxTokens: 9 })
    expect(await passRounding({ model, plain, widths: [3, 2] })).toHaveLength(10)
  })

  test('the distance of rows: equal infinities are equal, NaN is not', () => {
    const rows = (...values: number[]): Float32Array => Float32Array.from(values)
    expect(distance(rows(1, -Infinity, 3), rows(1.5, -Infinity, 2))).toBe(1)
    expect(distance(rows(1, -Infinity), rows(1, 0))).toBe(Infinity)
    expect(distance(rows(0, NaN, 5), rows(0, 1, 1))).toBeNaN()
  })
})

/** The same model, but passes over several tokens are off by `error` in every second logit. */
function skewed(model: ToyModel, error: number): ToyModel {
  const create = model.createSequence.bind(model)
  return Object.assign(model, {
    createSequence: async () => {
      const sequence = await create()
      const forward = sequence.forward.bind(sequence)
      return Object.assign(sequence, {
        forward: async (...[tokens, options]: Parameters<typeof forward>) => {
          const rows = await forward(tokens, options)
          if (tokens.length === 1) return rows
          return {
            ...rows,
            count: rows.count,
            row: (row: number) => rows.row(row).map((logit, i) => logit + (i % 2) * error),
          }
        },
      })
    },
  })
}
