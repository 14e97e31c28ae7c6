import { describe, expect, it } from 'vitest'
import { outcome, outcomeLines } from './goal.js'

const turns = { name: 'plain', theirs: [30, 34, 32], ours: [15, 17, 16] }

describe('what is wanted of a comparison', () => {
  it('is held against the ratio of all turns together', () => {
    expect(outcome({ ...turns, wanted: 2 })).toMatchObject({ ratio: 2, interval: { low: 2, high: 2 }, holds: true })
    expect(outcome({ ...turns, wanted: 2.01 }).holds).toBe(false)
    expect(outcome({ ...turns, theirs: [10, 100, 10], ours: [10, 10, 10] }).ratio).toBe(4)
  })

  it('is not said to hold where nothing was measured or nothing is wanted', () => {
    expect(outcome({ ...turns, theirs: [], ours: [], wanted: 1 }).holds).toBeUndefined()
    expect(outcome(turns).holds).toBeUndefined()
  })

  it('stands beside the figures', () => {
    const lines = outcomeLines([
      outcome({ ...turns, wanted: 3, note: 'texts equal: 3 of 3' }),
      outcome({ name: 'nothing', theirs: [], ours: [], wanted: 1 }),
    ])
    expect(lines).toEqual([
      '         theirs    ours      ratio         95 %       wanted  holds',
      'plain    32.00 ms  16.00 ms  2.00x         2.00-2.00  3.00x   NO     texts equal: 3 of 3',
      'nothing  -         -         not measured             1.00x',
    ])
  })
})
