import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { generate } from '../generate.js'
import { fixedLength } from '../length/fixed.js'
import type { Tokenizer } from '../model.js'
import { createChance } from '../sampling/chance.js'
import { createSampler } from '../sampling/chain.js'
import { strategyConformance } from '../testing/strategy-conformance.js'
import { ToyModel } from '../testing/toy-model.js'
import { prediction } from './prediction.js'
import { findPlace } from './prediction/place.js'

const vocabSize = 26
/** Says these tokens, whatever it is asked. */
const saying = (prompt: number, said: number[]) =>
  new ToyModel({
    vocabSize,
    contextLength: 2000,
    next: (context) =>
      Array.from({ length: vocabSize }, (_, i) => (i === (said[context.length - prompt] ?? 25) ? 1 : 0)),
  })
const request = { chance: createChance(1), goOn: () => true, wantsConfidence: false, maxTokens: 4 }
const open = async (expected: Parameters<typeof prediction>[0]) =>
  prediction(expected).open({ target: saying(1, []), sampler: createSampler() })

describe('a prediction conforms', () => {
  it.each(strategyConformance(() => prediction({ tokens: [0, 1, 2, 3, 3, 2, 1, 0, 1, 2] })))('$name', ({ run }) =>
    run(),
  )
})
describe('an empty prediction conforms', () => {
  it.each(strategyConformance(() => prediction({ text: '' })))('$name', ({ run }) => run())
})

describe('prediction', () => {
  it('is followed from its start to its end, and no further', async () => {
    const drafter = await open({ text: 'abcdefg' })
    const ask = async (said: string) =>
      (await drafter.propose([25, ...[...said].map((letter) => letter.charCodeAt(0) - 97)], request)).tokens
    expect(await ask('')).toEqual([0, 1, 2, 3])
    expect(await ask('abc')).toEqual([3, 4, 5, 6])
    expect(await ask('abcdef')).toEqual([6])
    expect(await ask('abcdefg')).toEqual([])
    expect(await ask('abcdefgz')).toEqual([])
  })

  it.each([
    ['a token is another', 'abcdefghijkl', 'abcdxfg', [7, 8, 9, 10]],
    ['a token is new', 'abcdefghijkl', 'abcdxef', [6, 7, 8, 9]],
    ['a token is missing', 'abcdefghijkl', 'abcdfg', [7, 8, 9, 10]],
    ['much is new', 'abcdefghijkl', 'abcd' + 'xyxzxyyx' + 'ef', [6, 7, 8, 9]],
    ['much is missing', 'abcd' + 'yzxx'.repeat(30) + 'efghijkl', 'abcdefg', [7, 8, 9, 10]],
    ['it begins in the middle of a prompt that says its start', 'zabcdefgh', 'abc', [3, 4, 5, 6]],
    ['it goes back', 'abcdefghijkl', 'abcdefghijkbcd', [4, 5, 6, 7]],
  ])('finds its place again when %s', async (_, text, said, next) => {
    const drafter = await open({ text })
    const tokens = [...said].map((letter) => letter.charCodeAt(0) - 97)
    for (let i = 0; i <= tokens.length; i++) {
      const draft = await drafter.propose([25, ...tokens.slice(0, i)], request)
      if (i === tokens.length) expect(draft.tokens).toEqual(next)
    }
  })

  it('takes the next of several places, ahead of where it was lost', () => {
    const expected = [1, 2, 9, 9, 1, 2, 9, 9, 1, 2, 8]
    expect(findPlace(expected, [1, 2], 3)).toBe(6)
    expect(findPlace(expected, [1, 2], 7)).toBe(10)
    expect(findPlace(expected, [1, 2], 11)).toBe(10)
    expect(findPlace(expected, [5, 6], 3)).toBeUndefined()
    expect(findPlace([], [5], 0)).toBeUndefined()
  })

  it('says the same in one go as token by token, and wherever it jumps (property)', async () => {
    const text = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 25 })
    await fc.assert(
      fc.asyncProperty(text, text, fc.array(fc.nat(25), { maxLength: 5 }), async (tokens, said, jumps) => {
        const slow = await open({ tokens })
        const fast = await open({ tokens })
        const prompt = [25]
        await fast.propose(prompt, request)
        for (let i = 0; i <= said.length; i++) await slow.propose([...prompt, ...said.slice(0, i)], request)
        for (const jump of jumps) await fast.propose([...prompt, ...said.slice(0, jump)], request)
        const whole = [...prompt, ...said]
        expect((await fast.propose(whole, request)).tokens).toEqual((await slow.propose(whole, request)).tokens)
      }),
    )
  })

  it('is sure after a long run, less so when it has just found its place, and learns which', async () => {
    const drafter = await open({ text: 'abcdefghijklmnopqrstuvw' })
    const confidence = async (said: string): Promise<number> => {
      let seen = NaN
      const goOn = (_: number, value = NaN) => ((seen = value), false)
      await drafter.propose([25, ...[...said].map((letter) => letter.charCodeAt(0) - 97)], { ...request, goOn })
      return seen
    }
    const atStart = await confidence('')
    const settled = await confidence('abcdefghij')
    expect(settled).toBe(1)
    expect(atStart).toBeLessThan(1)
    const found = await confidence('abcdefghijzl')
    expect(found).toBeLessThan(settled)
    // Each time that it is found, the next token is wrong.
    expect(await confidence('abcdefghijzlznzpzr')).toBeLessThan(found)
  })

  it('costs the target one pass for each change', async () => {
    const expected = Array.from({ length: 400 }, (_, i) => (i * i + (i >> 3)) % 24)
    const said = expected.map((token, i) => (i % 100 === 50 ? 24 : token))
    const model = saying(1, said)
    const { stats, tokens } = await generate({
      model,
      prompt: [25],
      maxTokens: 400,
      strategy: prediction({ tokens: expected }),
      length: fixedLength(19),
    }).result()
    expect(tokens).toEqual(said)
    // Twenty tokens a pass; a change costs the rest of its draft, and a pass or so to find the place again.
    expect(stats.passes).toBeLessThan(20 + 4 * 3 + 1)
  })

  it('stands a tokenizer that merges the end of the prompt with its start', async () => {
    // ` x` is one token, after a space that the prompt ends with too.
    const merged: Tokenizer = { ...saying(1, []).tokenizer, encode: () => [20, 1, 2, 3, 4, 5] }
    const target = Object.assign(saying(1, []), { tokenizer: merged })
    const drafter = await prediction({ text: ' abcde' }).open({ target, sampler: createSampler() })
    await drafter.propose([25], request)
    expect((await drafter.propose([25, 21, 1], request)).tokens).toEqual([2, 3, 4, 5])
  })

  it('refuses tokens that the target has not', async () => {
    await expect(open({ tokens: [26] })).rejects.toMatchObject({ code: 'vocabulary-mismatch' })
  })
})
