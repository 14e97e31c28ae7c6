import { describe, expect, it } from 'vitest'
import type { Answer } from './ask.js'
import type { Case } from './cases.js'
import { growth, percentiles, Tally } from './tally.js'

const one: Case = { id: 'code-01 at 0', chat: false, prompt: 'a', maxTokens: 3, temperature: 0, seed: 0 }
const alone: Answer = { text: ' b c', tokens: 2, finishReason: 'length', firstMs: 5, traced: undefined }

describe('a tally', () => {
  it('counts answers that are as they were alone', () => {
    const tally = new Tally()
    tally.answer(one, { ...alone, firstMs: 7, traced: { count: 2, text: ' b c' } }, alone)
    expect(tally).toMatchObject({ answers: 1, tokens: 2, firstMs: [7], differences: [] })
    expect(tally.faults.size).toBe(0)
  })

  it('keeps each other text once', () => {
    const tally = new Tally()
    for (const text of [' b d', ' b d', ' x']) tally.answer(one, { ...alone, text }, alone)
    expect(tally.differences.map(({ given, times }) => [given, times])).toEqual([
      [' b d', 2],
      [' x', 1],
    ])
  })

  it('calls it a fault when tokens were lost or came twice, or the end is another', () => {
    const tally = new Tally()
    tally.answer(one, { ...alone, tokens: 3 }, alone)
    tally.answer(one, { ...alone, finishReason: 'stop' }, alone)
    tally.answer(one, { ...alone, traced: { count: 1, text: ' b c' } }, alone)
    tally.answer(one, { ...alone, traced: { count: 2, text: ' b' } }, alone)
    tally.answer(one, { ...alone, traced: { count: 2, text: ' b' } }, alone)
    expect([...tally.faults.values()]).toEqual([1, 1, 1, 2])
    expect(tally.differences).toEqual([])
  })
})

describe('growth', () => {
  it('is the last fifth over the second: what fills in the beginning does not count, nor does a peak', () => {
    expect(growth([1, 1, 100, 100, 100, 900, 100, 100, 104, 106])).toBeCloseTo(1.05)
    expect(growth([...Array(5).fill(10), ...Array(5).fill(100), ...Array(10).fill(120), 1, 150, 150, 150, 900])).toBe(
      1.5,
    )
  })

  it('is not told from a few samples', () => {
    expect(growth([1, 2, 3, 4, 5, 6, 7, 8, 9])).toBeUndefined()
  })
})

it('percentiles', () => {
  expect(percentiles(Array.from({ length: 101 }, (_, i) => i))).toEqual({ p50: 50, p95: 95 })
})
