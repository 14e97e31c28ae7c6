import { describe, expect, test } from 'vitest'
import { schedule } from './schedule.js'

const prompts = (kind: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({ kind, id: `${kind}-${i}`, text: `${kind} ${i}` }))

describe('schedule', () => {
  test('one prompt of each kind in a round, none twice, the warm-up apart', () => {
    const { warmUp, rounds } = schedule([...prompts('code', 4), ...prompts('prose', 3)], 3)
    const ids = rounds.map((round) => round.map(({ id }) => id))
    expect(ids).toEqual([
      ['code-0', 'prose-0'],
      ['code-1', 'prose-1'],
      ['code-2', 'prose-2'],
    ])
    expect(warmUp.id).toBe('code-3')
    expect(new Set([...ids.flat(), warmUp.id]).size).toBe(7)
  })

  test('says how many rounds there are prompts for', () => {
    expect(() => schedule([...prompts('code', 9), ...prompts('prose', 3)], 4)).toThrow(/enough for 3/)
    expect(() => schedule([], 1)).toThrow(/no prompts/)
  })
})
