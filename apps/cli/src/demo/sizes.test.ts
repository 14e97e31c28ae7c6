import { estimateSize, type ShapeName, shapes } from '@foretoken/demo-models'
import { describe, expect, test } from 'vitest'
import { chooseSize, memoryFor } from './sizes.js'

describe('chooseSize', () => {
  test('350m, where there is room for it', () => {
    expect(chooseSize(undefined, 16e9)).toBe('350m')
    expect(chooseSize(undefined, 0.5e9)).toBe('none')
    expect([chooseSize(undefined, 1.5e9), chooseSize(undefined, 1.5e9, 'onnx')]).toEqual(['350m', 'none'])
  })

  test('what is wanted, or a refusal with figures', () => {
    expect(chooseSize('7b', 64e9)).toBe('7b')
    expect(chooseSize('none', 0)).toBe('none')
    expect(() => chooseSize('34b', 16e9)).toThrow(/34b pair needs .* GiB .* 14\.9 GiB are free/)
  })
})

test.each(Object.keys(shapes) as ShapeName[])('the memory for %s holds its target, and little more', (size) => {
  const target = estimateSize(size, 'F16')
  expect(memoryFor(size)).toBeGreaterThan(target)
  expect(memoryFor(size)).toBeLessThan(1.2 * target + 0.5e9)
})
