import { expect, test } from 'vitest'
import { bestLength, cautiousAlpha, longest } from './choose-length.js'

test('long drafts where passes cost the same whatever their width, short ones where they do not', () => {
  expect(bestLength({ alpha: 0.95, draftStepMs: 0.1, pass: () => 10 })).toBe(longest)
  expect(bestLength({ alpha: 0.8, draftStepMs: 10 / 8, pass: () => 10 })).toBe(5)
  expect(bestLength({ alpha: 0.8, draftStepMs: 10 / 8, pass: (n) => 10 * n })).toBe(1)
  // A step from one token to two, and flat from there: only long drafts make up for it.
  expect(bestLength({ alpha: 0.9, draftStepMs: 1, pass: (n) => (n === 1 ? 10 : 25) })).toBeGreaterThan(6)
})

test('little evidence moves the estimate little', () => {
  expect(cautiousAlpha({ accepted: 0, corrected: 0 })).toBe(0.75)
  expect(cautiousAlpha({ accepted: 2, corrected: 0 })).toBeCloseTo(5 / 6, 12)
  expect(cautiousAlpha({ accepted: 900, corrected: 100 })).toBeCloseTo(0.9, 2)
})
