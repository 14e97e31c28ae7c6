import { describe, expect, it } from 'vitest'
import { lead } from './lead.js'

const row = (...logits: number[]) => Float32Array.from(logits)

describe('how far a token is ahead', () => {
  it('is the share of its probability that the next likeliest lacks', () => {
    expect(lead(row(0, Math.log(4), Math.log(2)), 1)).toBeCloseTo(0.5, 6)
    expect(lead(row(Math.log(10), 0, 0), 0)).toBeCloseTo(0.9, 6)
    expect(lead(row(0, 0, Math.log(10)), 2)).toBeCloseTo(0.9, 6)
    // Whatever the others share between them.
    expect(
      lead(
        Float32Array.from({ length: 4096 }, (_, i) => (i === 7 ? 1 : 0)),
        7,
      ),
    ).toBeCloseTo(1 - Math.exp(-1), 6)
  })

  it('is nothing beside an equal or a better one, and all where there is no other', () => {
    expect(lead(row(1, 1), 0)).toBe(0)
    expect(lead(row(1, 2), 0)).toBe(0)
    expect(lead(row(Infinity, Infinity), 0)).toBe(0)
    expect(lead(row(3, -Infinity, NaN), 0)).toBe(1)
    expect(lead(row(3), 0)).toBe(1)
    expect(lead(row(-Infinity, 0), 0)).toBe(0)
  })
})
