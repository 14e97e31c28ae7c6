import { describe, expect, test } from 'vitest'
import { planDemo, shorten } from './plan.js'

describe('planDemo', () => {
  test('a fast machine does all, a slow one less, and neither takes long', () => {
    expect(planDemo({}, 1)).toEqual({ pairs: 8, maxTokens: 96 })
    expect(planDemo({}, 80)).toEqual({ pairs: 4, maxTokens: 70 })
    expect(planDemo({}, 2000)).toEqual({ pairs: 2, maxTokens: 16 })
    for (const passMs of [1, 10, 50, 100, 200, 400]) {
      const { pairs, maxTokens } = planDemo({}, passMs)
      expect(pairs * maxTokens * 2 * passMs).toBeLessThanOrEqual(46_000)
    }
  })

  test('does what it is told', () => {
    expect(planDemo({ rounds: 1, maxTokens: 24 }, 500)).toEqual({ pairs: 2, maxTokens: 24 })
    expect(planDemo({ rounds: 3 }, 1000)).toEqual({ pairs: 6, maxTokens: 16 })
  })
})

test('shorten keeps whole lines from the end', () => {
  const length = (text: string): number => text.length
  expect(shorten('one\ntwo\nthree\n', 10, length)).toBe('two\nthree\n')
  expect(shorten('one\ntwo\nthree\n', 99, length)).toBe('one\ntwo\nthree\n')
  expect(shorten('one\ntwo\nthree\n', 3, length)).toBe('three\n')
  expect(shorten('three', 3, length)).toBe('three')
})
