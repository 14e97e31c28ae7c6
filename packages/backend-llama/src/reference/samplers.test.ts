import { createSampler } from '@foretoken/core'
import type { SamplingOptions, TokenId, Tokenizer } from '@foretoken/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Calls } from '../ffi/calls.js'
import type { Pointer } from '../ffi/structs.js'
import { loadModel } from '../index.js'
import type { LlamaModel } from '../model.js'
import { openRuntime } from '../runtime.js'
import { targetPath } from '../test-models.js'
import { compare, largestDifference, probabilities, tolerance } from './compare.js'
import type { Case, Outcome } from './compare.js'
import { drawChain, settings } from './draw.js'
import type { SettingName } from './draw.js'
import { makeHistory, makeRow, Numbers, rowKinds } from './rows.js'
import type { RowKind } from './rows.js'
import { llamaOrder, LlamaSamplers } from './samplers.js'
import type { Candidates } from './samplers.js'

/** Times as many cases. */
const more = process.env.FORETOKEN_FULL === '1' ? 20 : 1
const kinds = Object.keys(rowKinds) as RowKind[]
const large = 32_000

const text = `/** Sums up a list: each of its items. */
function sum(items: number[]): number {
  let total = 0
  for (const item of items) total += item
  return total
}

/** Sums up a list of lists: each of their items. */
function sumAll(lists: number[][]): number {
  let total = 0
  for (const list of lists) total += sum(list)
  return total
}
`

let model: LlamaModel
let tokenizer: Tokenizer
let calls: Calls
let vocabOnly: Pointer
let samplers: LlamaSamplers
/** Rows of the demo target, each with what it follows. */
let real: Required<Pick<Candidates, 'logits' | 'history'>>[]

beforeAll(async () => {
  model = await loadModel({ path: targetPath, gpu: false, contextSize: 512 })
  tokenizer = model.tokenizer
  const runtime = await openRuntime(false)
  calls = runtime.calls!
  const params = { ...calls.llama_model_default_params(), n_gpu_layers: 0, vocab_only: true }
  vocabOnly = calls.llama_model_load_from_file(targetPath, params)!
  samplers = new LlamaSamplers(runtime, calls.llama_model_get_vocab(vocabOnly), large)

  const tokens = tokenizer.encode(text, { start: true })
  const sequence = await model.createSequence()
  const rows = await sequence.forward(tokens, { outputs: 'all' })
  real = Array.from({ length: 12 }, (_, index) => Math.floor(((index + 1) / 12) * (tokens.length - 1))).map((row) => ({
    logits: rows.row(row).slice(),
    history: tokens.slice(0, row + 1),
  }))
})

afterAll(async () => {
  samplers.free()
  calls.llama_model_free(vocabOnly)
  await model.dispose()
})

/** Compares many, fails on any that is not accounted for, and counts how the others came out. */
function outcomes(cases: Iterable<Case>): Record<Outcome, number> & { all: number } {
  const counts = { same: 0, ties: 0, rounding: 0, 'no entropy': 0, all: 0 }
  for (const one of cases) {
    const { outcome, difference } = compare(samplers, one)
    if (outcome === 'different') {
      const { options, history = [], logits } = one
      expect.fail(
        `differs by ${difference}: ${JSON.stringify({ options, history, logits: [...logits.slice(0, 8)] })}, ` +
          `${logits.length} logits`,
      )
    }
    counts[outcome]++
    counts.all++
  }
  return counts
}

const made = (kind: RowKind, size: number, numbers: Numbers) => ({
  logits: makeRow(kind, size, numbers),
  history: makeHistory(size, numbers),
})

describe('each step alone gives what llama.cpp gives', () => {
  it.each(Object.keys(settings) as SettingName[])('%s', (name) => {
    const numbers = new Numbers(name.length * 1000 + name.charCodeAt(0))
    const size = model.vocabSize
    const draw = (length: number) => settings[name](numbers, length)
    const small = function* (kind: RowKind): Iterable<Case> {
      for (let i = 0; i < 3 * more; i++) yield { options: draw(size), ...made(kind, size, numbers) }
    }
    const counts = outcomes([
      ...real.map((row) => ({ options: draw(size), ...row })),
      ...kinds.flatMap((kind) => [...small(kind), { options: draw(large), ...made(kind, large, numbers) }]),
    ])
    // What is not the same comes of few kinds of rows: those with equal logits, and large flat ones.
    expect(counts.same).toBeGreaterThanOrEqual(counts.all * (name === 'typicalP' ? 0.55 : 0.7))
    const truncates = ['topK', 'typicalP', 'topP', 'xtc'].includes(name)
    if (!truncates) expect(counts.same).toBe(counts.all)
  })
})

describe('chains give what llama.cpp gives', () => {
  it('in its order', () => {
    const numbers = new Numbers(1)
    const size = model.vocabSize
    const counts = outcomes(
      Array.from({ length: 240 * more }, () => {
        const row = numbers.uniform() < 0.4 ? numbers.pick(real) : made(numbers.pick(kinds), size, numbers)
        // DRY with its usual breakers, or without.
        const breakers = numbers.uniform() < 0.5 ? { drySequenceBreakers: undefined } : {}
        return { options: { ...drawChain(numbers, size), ...breakers }, ...row, tokenizer }
      }),
    )
    expect(counts.rounding).toBeLessThan(counts.all * 0.05)
  })

  it('in any other', () => {
    const numbers = new Numbers(2)
    const size = model.vocabSize
    // Of equal logits llama.cpp keeps which it likes, and steps that come later may treat them differently.
    const unequal = kinds.filter((kind) => !kind.endsWith('equal'))
    // Bias stays in front: see below.
    const order = () => ['bias', ...numbers.shuffled(llamaOrder.slice(1))] as const
    const counts = outcomes(
      Array.from({ length: 160 * more }, () => {
        const row = numbers.uniform() < 0.4 ? numbers.pick(real) : made(numbers.pick(unequal), size, numbers)
        return { options: { ...drawChain(numbers, size), order: order() }, ...row }
      }),
    )
    expect(counts.rounding).toBeLessThan(counts.all * 0.05)
  })

  it('over a large vocabulary', () => {
    const numbers = new Numbers(3)
    outcomes(
      Array.from({ length: 12 * more }, () => ({
        options: drawChain(numbers, large),
        ...made(numbers.pick(kinds), large, numbers),
      })),
    )
  })
})

describe('DRY', () => {
  const flat = (): Float32Array => new Float32Array(model.vocabSize)
  const same = (options: SamplingOptions, history: readonly TokenId[]): void => {
    const one = { options: { dryMultiplier: 0.8, ...options }, history, logits: flat(), tokenizer }
    // Otherwise the test would be about nothing.
    expect(samplers.apply(one.options, one).logits.some((logit) => logit !== 0)).toBe(true)
    expect(compare(samplers, one).outcome).toBe('same')
  }

  it('sees repetitions up to the edge of its window', () => {
    const history = Array.from({ length: 60 }, (_, index) => 100 + (index % 20))
    for (let dryWindow = 22; dryWindow <= 62; dryWindow++) same({ dryWindow, drySequenceBreakers: [] }, history)
  })

  it('caps what it takes off', () => {
    const history = Array.from({ length: 400 }, () => 7)
    for (const dryBase of [1, 1.000001, 1.01, 1.75, 100, 1e30]) same({ dryBase, drySequenceBreakers: [] }, history)
  })

  it.each([
    'const a = f(b)\nconst a = f(b)\nconst a = f(',
    'name: "x", name: "x", name: "x',
    'one\n\ntwo\n\none\n\ntwo\n\none',
    'the cat sat on the mat: the cat sat on the mat: the cat sat',
    'x: 1, y: 2, x: 1, y: 2, x: 1, y:',
    'say "hi" say "hi" say "hi',
  ])('ends repetitions at breakers, and spares those: %j', (repeated) => {
    const history = tokenizer.encode(repeated)
    for (const drySequenceBreakers of [undefined, [], ['\n'], [':'], ['a'], [' the', 'on'], [','], ['"', '1']])
      for (const dryAllowedLength of [1, 2, 3, 5])
        for (const dryWindow of [undefined, history.length - 1, 10]) {
          const options = { dryMultiplier: 0.8, dryAllowedLength, dryWindow, drySequenceBreakers }
          expect(
            compare(samplers, { options, history, logits: flat(), tokenizer }),
            JSON.stringify(options),
          ).toMatchObject({ outcome: 'same' })
        }
  })

  it('finds breakers in control tokens', () => {
    const control = Array.from({ length: model.vocabSize }, (_, token) => token).filter(
      (token) => tokenizer.decode([token]) === '',
    )
    expect(control.length).toBeGreaterThan(0)
    const said = tokenizer.encode('function add')
    for (const token of control) {
      const history = [...said, token, ...said, token, ...said]
      const drySequenceBreakers = [tokenizer.decode([token], { special: true })]
      const options = { dryMultiplier: 0.8, dryAllowedLength: 1, drySequenceBreakers }
      for (const length of [history.length, history.length - 1, history.length - said.length])
        expect(
          compare(samplers, { options, history: history.slice(0, length), logits: flat(), tokenizer }),
        ).toMatchObject({ outcome: 'same' })
    }
  })

  it('finds breakers of several tokens', () => {
    same(
      { drySequenceBreakers: ['mat: the'], dryAllowedLength: 1 },
      tokenizer.encode('mat: the cat, mat: the cat, mat: the cat'),
    )
  })
})

describe('what is combined', () => {
  it("penalties count the prompt or do not, as OpenAI's do: two samplers of llama.cpp", () => {
    const numbers = new Numbers(4)
    for (let i = 0; i < 40; i++) {
      const { logits } = numbers.pick(real)
      const history = makeHistory(model.vocabSize, numbers)
      const promptLength = numbers.below(history.length + 1)
      const options = settings.penalties(numbers)
      const { repetitionPenalty, penaltyWindow = Infinity } = options
      const start = Math.max(0, history.length - penaltyWindow, promptLength)
      const repeated = samplers.apply({ repetitionPenalty, penaltyWindow }, { logits, history })
      const theirs = samplers.apply(
        { ...options, repetitionPenalty: 1, penaltyWindow: undefined },
        { ...repeated, history: history.slice(start) },
      )
      const ours = createSampler({ temperature: 1, ...options }, { promptLength }).distribution(logits, history)
      expect(largestDifference(dense(ours, logits), probabilities(theirs, logits.length))).toBeLessThan(tolerance)
    }
  })

  it("XTC's coin is folded in: the mean of both of llama.cpp's ways", () => {
    const numbers = new Numbers(5)
    for (const { logits } of real) {
      const options = { ...drawChain(numbers, model.vocabSize), ...settings.xtc(numbers), order: llamaOrder }
      delete options.typicalP
      const [xtcProbability, history] = [numbers.uniform(), makeHistory(model.vocabSize, numbers)]
      const [never, always] = [0, 1].map((coin) =>
        probabilities(samplers.apply({ ...options, xtcProbability: coin }, { logits, history }), logits.length),
      )
      const mean = never!.map((value, token) => value + xtcProbability * (always![token]! - value))
      const ours = createSampler({ temperature: 1, ...options, xtcProbability }).distribution(logits, history)
      expect(largestDifference(dense(ours, logits), mean)).toBeLessThan(tolerance)
    }
  })

  it("greedy takes the token of llama.cpp's greedy sampler", () => {
    const numbers = new Numbers(6)
    const size = model.vocabSize
    const moved: boolean[] = []
    for (let i = 0; i < 160 * more; i++) {
      const row = numbers.uniform() < 0.4 ? numbers.pick(real) : made(numbers.pick(kinds), size, numbers)
      // What truncates has nothing to do.
      const options = { ...drawChain(numbers, size), temperature: 0, xtcProbability: 0 }
      const theirs = samplers.greedy(options, row)
      const sampler = createSampler(options)
      expect(sampler.distribution(row.logits, row.history).probability(theirs), JSON.stringify(options)).toBe(1)
      moved.push(theirs !== samplers.greedy({}, row))
    }
    expect(moved.filter(Boolean).length).toBeGreaterThan(20)
  })
})

/** Each of these is explained in docs/sampling.md. */
describe('where llama.cpp differs', () => {
  const keeps = (options: SamplingOptions, logits: readonly number[]) => {
    const row = Float32Array.from(logits)
    const { weights, ids } = createSampler({ temperature: 1, ...options }).distribution(row, [])
    const left = probabilities(samplers.apply(options, { logits: row }), row.length)
    return {
      ours: (ids ? [...ids] : [...row.keys()]).filter((_, index) => weights[index]! > 0),
      theirs: [...left.keys()].filter((token) => left[token]! > 0),
    }
  }

  it('which of equal tokens stay is up to its sort; ours are those with the lower ids', () => {
    const logits = Array.from({ length: 40 }, (_, token) => (token % 20 === 10 ? 2 : 1))
    const { ours, theirs } = keeps({ topK: 6 }, logits)
    expect(ours).toEqual([0, 1, 2, 3, 10, 30])
    expect(theirs).toHaveLength(6)
    expect(theirs).toEqual(expect.arrayContaining([10, 30]))
  })

  it('typical sampling goes on when the goal is reached exactly; ours stops, as top-p does in both', () => {
    expect(keeps({ typicalP: 0.5 }, [1, 1, 1, 1])).toMatchObject({ ours: [0, 1], theirs: { length: 3 } })
    expect(keeps({ topP: 0.5 }, [1, 1, 1, 1])).toMatchObject({ ours: [0, 1], theirs: { length: 2 } })
  })

  it('typical sampling has no entropy where a probability is 0', () => {
    // The entropy is 1.3 nats, and of the surprises (0.9, 1.6, 1.6, 1.7) the second is the nearest to it.
    const logits = [8, 4, 3.9, 3.8, 0].map(Math.log)
    expect(keeps({ typicalP: 0.1 }, logits.slice(0, 4))).toEqual({ ours: [1], theirs: [1] })
    expect(keeps({ typicalP: 0.1 }, logits)).toEqual({ ours: [1], theirs: [0] })
    // Without the token whose probability is 0, it is as ours.
    expect(keeps({ typicalP: 0.1, topK: 4, order: llamaOrder }, logits)).toEqual({ ours: [1], theirs: [1] })
  })

  it('a bias after a sort leaves its candidates marked as sorted, which they no longer are', () => {
    const options: SamplingOptions = { logitBias: { 0: -2 }, minP: 0.9, order: ['topK', 'bias', 'minP', 'temperature'] }
    // Without top-k nothing is sorted.
    expect(keeps({ ...options, topK: 0 }, [2, 1, 1])).toEqual({ ours: [1, 2], theirs: [1, 2] })
    expect(keeps({ ...options, topK: 3 }, [2, 1, 1])).toEqual({ ours: [1, 2], theirs: [0, 1, 2] })
  })

  it('sums are rounded to 32 bits', () => {
    const { ours, theirs } = keeps(
      { topP: 0.5 },
      Array.from({ length: large }, () => 0),
    )
    expect(ours).toHaveLength(large / 2)
    expect(theirs.length).not.toBe(large / 2)
    expect(Math.abs(theirs.length - large / 2)).toBeLessThan(20)
  })

  it('logits are rounded to 32 bits once they are divided by the temperature', () => {
    const logits = Float32Array.of(33.3, 33.3 + 2 ** -18)
    const options = { temperature: 0.001 }
    const theirs = probabilities(samplers.apply(options, { logits }), 2)
    const exact = 1 / (1 + Math.exp((logits[0]! - logits[1]!) / 0.001))
    const ours = createSampler(options).distribution(logits, []).probability(1)
    expect(Math.abs(ours - exact)).toBeLessThan(tolerance)
    expect(Math.abs(theirs[1]! - exact)).toBeGreaterThan(tolerance)
  })

  it('breakers of several tokens are looked for as its tokenizer would split them; ours, in the text', () => {
    const history = tokenizer.encode('the cat sat on the mat, the cat sat on the mat, the cat sat')
    // Cut off in the middle of a word, the rest is split in another way than the text was.
    const options = { dryMultiplier: 0.8, dryAllowedLength: 1, drySequenceBreakers: ['mat, the ca'] }
    const logits = new Float32Array(model.vocabSize)
    const ours = createSampler({ temperature: 1, ...options }, { tokenizer }).distribution(logits, history)
    const next = tokenizer.encode(' on')[0]!
    const penalty = Math.log(ours.probability(0) / ours.probability(next))
    expect(samplers.apply(options, { logits, history }).logits[next]).toBeLessThan(-penalty - 1)
  })
})

function dense(distribution: { probability(token: TokenId): number }, logits: Float32Array): Float64Array {
  return Float64Array.from(logits, (_, token) => distribution.probability(token))
}
