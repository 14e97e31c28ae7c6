import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { generate } from './generate.js'
import { hindsight, likeliest } from './hindsight.js'
import { fixedLength } from './length/fixed.js'
import type { DraftStrategy, Hindsight } from './strategy.js'
import { randomTable, ToyModel } from './testing/toy-model.js'
import type { Judgement } from './verify/verifier.js'

describe('likeliest', () => {
  it('is what sorting gives (property)', () => {
    const value = fc.oneof(fc.constantFrom(0, 1, -1, NaN, -Infinity, Infinity), fc.float())
    fc.assert(
      fc.property(fc.array(value, { maxLength: 40 }), fc.integer({ min: 1, max: 50 }), (values, count) => {
        const logits = Float32Array.from(values)
        const sorted = [...logits.keys()].filter((i) => logits[i]! > -Infinity).sort((a, b) => order(logits, a, b))
        expect(likeliest(logits, count)).toEqual(sorted.slice(0, count))
      }),
    )
  })
  const order = (logits: Float32Array, a: number, b: number): number =>
    logits[a] === logits[b] ? a - b : logits[b]! > logits[a]! ? 1 : -1

  it('gives the smallest of equals first, never NaN, and no more than there are', () => {
    expect(likeliest(Float32Array.of(1, 2, 2, 0), 3)).toEqual([1, 2, 0])
    expect(likeliest(Float32Array.of(NaN, 1, NaN, 3), 9)).toEqual([3, 1])
    expect(likeliest(Float32Array.of(NaN, NaN), 1)).toEqual([])
    expect(likeliest(Float32Array.of(-Infinity, -5), 2)).toEqual([1])
  })

  it('leaves the logits as they are', () => {
    const logits = Float32Array.of(1, 2, 3)
    likeliest(logits, 2)
    expect([...logits]).toEqual([1, 2, 3])
  })
})

it('refuses a row that there is not', () => {
  const judgement = { logits: () => Float32Array.of(0, 1) } as unknown as Judgement
  const back = hindsight(judgement, 2)
  expect(back.likeliest(1, 1)).toEqual([1])
  for (const row of [-1, 2, 0.5, NaN]) {
    expect(() => back.likeliest(row, 1), `${row}`).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  }
})

describe('a drafter that looks back', () => {
  const vocabSize = 4
  const next = randomTable({ seed: 1, vocabSize, order: 2 })
  const run = (observe: (back: Hindsight, drafted: number[], context: number[]) => void) => {
    let [context, tokens]: [number[], number[]] = [[], []]
    let asked = false
    const strategy: DraftStrategy = {
      name: 'looks back',
      open: () => ({
        propose(now, { maxTokens: most }) {
          asked = true
          context = [...now]
          tokens = [now.length % vocabSize, 1, 2].slice(0, most)
          return { tokens }
        },
        observe(_, back) {
          // In the last round nothing is drafted, and nobody asked.
          if (asked) observe(back, tokens, context)
          asked = false
        },
      }),
    }
    const model = new ToyModel({ vocabSize, next })
    return generate({ model, prompt: [0, 1], maxTokens: 30, strategy, length: fixedLength(3) }).result()
  }

  it('sees what the target thought after each token of its draft, refused ones included', async () => {
    let rounds = 0
    const { warnings } = await run((back, tokens, context) => {
      rounds++
      for (let row = 0; row <= tokens.length; row++) {
        const logits = Float32Array.from(next([...context, ...tokens.slice(0, row)]), Math.log)
        expect(back.likeliest(row, vocabSize)).toEqual(likeliest(logits, vocabSize))
      }
      expect(() => back.likeliest(tokens.length + 1, 1)).toThrow('no row')
    })
    expect(rounds).toBeGreaterThan(2)
    expect(warnings).toEqual([])
  })

  it('is refused when it comes back to it later', async () => {
    const kept: Hindsight[] = []
    await run((back) => void kept.push(back))
    expect(kept.length).toBeGreaterThan(2)
    for (const back of kept) {
      expect(() => back.likeliest(0, 1)).toThrow(expect.objectContaining({ code: 'stale-logits' }))
    }
  })
})
