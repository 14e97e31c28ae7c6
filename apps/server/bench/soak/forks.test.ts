import { coupledChance, Distribution, type Tokenizer } from '@foretoken/core'
import { describe, expect, it } from 'vitest'
import { openCases } from './cases.js'
import { gapTo, judge, tieGap } from './forks.js'

const greedy = { temperature: 0, seed: 0 }

describe('the gap between two tokens', () => {
  const logits = Float32Array.of(1.5, 1, -3)

  it('is that of their logits where the likeliest is taken', () => {
    expect(tieGap(logits, { said: 0, other: 1 }, greedy, 7)).toBe(0.5)
    expect(tieGap(logits, { said: 0, other: 2 }, greedy, 7)).toBe(4.5)
  })

  it('is where the draw turns round, with a seed', () => {
    const temperature = 0.8
    const draw = (seed: number, shift: number, said: number): number => {
      const moved = [0, 1].map((token) => logits[token]! + (token === said ? 0 : shift))
      const weights = Float64Array.from(moved, (logit) => Math.exp(logit / temperature))
      return coupledChance(seed).draw(Distribution.of(weights), 7)
    }
    const gaps = Array.from({ length: 50 }, (_, seed) => {
      const said = draw(seed, 0, 0)
      const gap = tieGap(logits, { said, other: 1 - said }, { temperature, seed }, 7)
      expect(draw(seed, gap - 1e-6, said)).toBe(said)
      expect(draw(seed, gap + 1e-6, said)).toBe(1 - said)
      return gap
    })
    expect(new Set(gaps).size).toBe(50)
  })
})

describe('the gap to another text', () => {
  const words = ['<end>', ' a', ' b', ' c', ' bc']
  const tokenizer = {
    decode: (tokens: readonly number[]) => tokens.map((token) => words[token]).join(''),
    isEnd: (token: number) => token === 0,
  } as unknown as Tokenizer
  const rows = [
    [0, 9, 7, 1, 2],
    [4, 1, 9, 2, 8.5],
    [9, 1, 2, 8, 0],
  ].map((row) => Float32Array.from(row))
  /** Says " a b", and ends. */
  const plain = { prompt: [3], text: [1, 2], rows, ended: true }
  const one = { id: 'x', chat: false, prompt: ' c', maxTokens: 2, ...greedy }

  it.each([
    [' a c', 7],
    [' b b', 2],
    // The other token begins as the one that was said.
    [' a bc', 0.5],
    // It ended sooner.
    [' a', 5],
    // It did not end.
    [' a b c', 1],
    ['nothing of the kind', Infinity],
  ])('%j', (text, gap) => {
    expect(gapTo(text, plain, one, tokenizer)).toBe(gap)
  })
})

describe('judging', () => {
  it('tells a wrong text from a near-tie, on the demo target', async () => {
    const cases = (await openCases(1)).slice(0, 2)
    const differences = cases.map((one) => ({ one, alone: ' = 1', given: ' zebra', times: 2 }))
    const forks = await judge(differences, new AbortController().signal)
    expect(forks.map(({ id, verdict, times }) => [id, verdict, times])).toEqual(cases.map(({ id }) => [id, 'bug', 2]))
    for (const { gap, rounding } of forks) {
      expect(gap).toBeGreaterThan(1)
      // Nothing, on kernels that take each row alike.
      expect(rounding).toBeLessThan(0.1)
    }
  })
})
