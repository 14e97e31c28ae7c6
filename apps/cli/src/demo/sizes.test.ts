import { estimateSize, type ShapeName, shapes } from '@foretoken/demo-models'
import { describe, expect, test } from 'vitest'
import { chooseSize, companions, memoryFor } from './sizes.js'

describe('chooseSize', () => {
  test('350m, where there is room for it', () => {
    expect(chooseSize(undefined, 16e9)).toBe('350m')
    expect(chooseSize(undefined, 0.5e9)).toBe('none')
  })

  test('what is wanted, or a refusal with figures', () => {
    expect(chooseSize('7b', 64e9)).toBe('7b')
    expect(chooseSize('none', 0)).toBe('none')
    expect(() => chooseSize('34b', 16e9)).toThrow(/34b pair needs .* GiB .* 14\.9 GiB are free/)
  })
})

test.each(Object.keys(shapes) as ShapeName[])('the draft of %s is a fraction of it', (size) => {
  const share = estimateSize(companions[size], 'Q4_0') / estimateSize(size, 'F16')
  expect(share).toBeGreaterThan(1 / 25)
  expect(share).toBeLessThan(1 / 7)
  expect(memoryFor(size)).toBeGreaterThan(estimateSize(size, 'F16'))
})
