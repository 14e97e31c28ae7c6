import { speedup } from '@foretoken/core'
import { describe, expect, test } from 'vitest'
import { alphas, bestGain, breakEven, cliffs } from './gains.js'

const curveOf = (time: (tokens: number) => number, measured: (tokens: number) => boolean = () => true) =>
  Array.from({ length: 16 }, (_, i) => ({ tokens: i + 1, ms: time(i + 1), measured: measured(i + 1) }))

const flat = curveOf(() => 10)
const steep = curveOf((tokens) => 10 * tokens)

describe('gains', () => {
  test("are the paper's where passes take as long whatever their width", () => {
    for (const alpha of alphas) {
      const best = bestGain(alpha, { curve: flat, stepMs: 2 })
      for (let gamma = 1; gamma < 16; gamma++) {
        expect(best.speedup).toBeGreaterThanOrEqual(speedup({ alpha, gamma, c: 0.2 }) - 1e-12)
      }
      expect(best.speedup).toBeCloseTo(speedup({ alpha, gamma: best.length, c: 0.2 }), 12)
    }
  })

  test('are none where a token of a pass takes as long as a pass', () => {
    expect(bestGain(0.95, { curve: steep, stepMs: 0 })).toEqual({ alpha: 0.95, length: 0, speedup: 1 })
    expect(breakEven({ curve: steep, stepMs: 0 })).toBeUndefined()
  })

  test('begin where acceptance is the cost', () => {
    // One token drafted: (1 + alpha) / (1 + c + b), where T(2) = 1 + b.
    expect(breakEven({ curve: flat, stepMs: 2 })).toBeCloseTo(0.2, 2)
    const rising = curveOf((tokens) => 10 + (tokens - 1) * 3)
    expect(breakEven({ curve: rising, stepMs: 2 })).toBeCloseTo(0.5, 2)
  })
})

describe('cliffs', () => {
  const jump = (tokens: number): number => (tokens > 8 ? 16 : 10) + tokens / 10

  test('are where T jumps, and tell what it takes to go beyond', () => {
    const curve = curveOf(jump)
    const [cliff, ...others] = cliffs(curve)
    expect(others).toEqual([])
    expect(cliff).toMatchObject({ from: 8, to: 9, factor: jump(9) / jump(8) })
    const { worthFrom } = cliff!
    expect(bestGain(worthFrom! + 0.01, { curve, stepMs: 0 }).length).toBeGreaterThanOrEqual(8)
    expect(bestGain(worthFrom! - 0.01, { curve, stepMs: 0 }).length).toBeLessThan(8)
  })

  test('are told between widths that were timed', () => {
    const curve = curveOf(jump, (tokens) => [1, 2, 4, 6, 7, 9, 12, 16].includes(tokens))
    expect(cliffs(curve)).toMatchObject([{ from: 7, to: 9 }])
  })

  test('have nothing beyond them that pays when they are too high', () => {
    const wall = curveOf((tokens) => (tokens > 4 ? 200 : 10) + tokens / 10)
    expect(cliffs(wall)).toMatchObject([{ from: 4, to: 5, worthFrom: undefined }])
  })

  test.each([
    ['a flat curve', flat],
    ['a steep one', steep],
    ['a pass that was held up', curveOf((tokens) => (tokens === 6 ? 25 : 10) + tokens / 10)],
    ['the last pass, of which nobody knows', curveOf((tokens) => (tokens === 16 ? 25 : 10) + tokens / 10)],
  ])('are none in %s', (_, curve) => {
    expect(cliffs(curve)).toEqual([])
  })
})
