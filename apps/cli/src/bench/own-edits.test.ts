import { randomTable, ToyModel } from '@foretoken/core/testing'
import { describe, expect, test } from 'vitest'
import { beforeEdit, withOwnEdits } from './own-edits.js'

describe('beforeEdit', () => {
  const lines = Array.from({ length: 16 }, (_, i) => `const line${i} = value${i}`)

  test('changes one line in eight, in turn by a name and by leaving it out', () => {
    const before = beforeEdit(lines.join('\n')).split('\n')
    expect(before).toHaveLength(15)
    expect(before[4]).toBe('const line4 = before')
    expect(before).not.toContain(lines[12])
    expect(before.filter((line) => !lines.includes(line))).toHaveLength(1)
  })

  test('leaves short texts alone', () => {
    expect(beforeEdit('one\ntwo')).toBe('one\ntwo')
    expect(beforeEdit('')).toBe('')
  })
})

test('only prompts that have a prediction get another: the model’s own text', async () => {
  const model = new ToyModel({ vocabSize: 4, next: randomTable({ seed: 1, vocabSize: 4 }), maxSequences: 1 })
  const prompt = { id: 'a', kind: 'edits', text: 'abc', prediction: 'none of this' }
  const other = { id: 'b', kind: 'code', text: 'abc' }
  const plan = { warmUp: other, rounds: [[prompt, other]] }
  const { rounds, warmUp } = await withOwnEdits(plan, { model, maxTokens: 20 })
  expect(warmUp).toEqual(other)
  expect(rounds[0]![1]).toEqual(other)
  expect(rounds[0]![0]!.prediction).toMatch(/^[a-d]{20}$/)
})
