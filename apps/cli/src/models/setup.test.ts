import type { ModelInfo } from '@foretoken/backend-llama'
import { describe, expect, test } from 'vitest'
import { noteOn } from './setup.js'

const curve = (step: number) => Array.from({ length: 9 }, (_, i) => ({ tokens: i + 1, ms: 10 + i * step }))
const model = (step: number, experts?: ModelInfo['experts']) => ({
  passCurve: curve(step),
  info: { ...(experts && { experts }) } as ModelInfo,
})
const draft = (ms: number) => ({ passCurve: [{ tokens: 1, ms }] })

describe('the note next to what comes out', () => {
  test('is none when nothing speaks against drafts', () => {
    expect(noteOn(false, model(0.5), draft(1))).toBeUndefined()
  })

  test('says so when the draft is too slow, the passes are, or the target is a mixture of experts', () => {
    expect(noteOn(false, model(0.5), draft(10))).toMatch(/^A token of the draft takes 1\.00 times as long/)
    expect(noteOn(false, model(10), draft(1))).toMatch(/^Here a pass over 5 tokens takes 5\.0 times as long/)
    expect(noteOn(false, model(3, { count: 8, used: 2 }), draft(1))).toMatch(
      /^This model is a mixture of experts, 2 of 8/,
    )
  })

  test('says nothing of drafts when no draft model drafts', () => {
    expect(noteOn(false, model(10), undefined)).toBeUndefined()
  })

  test('says what the demo models are, on a line of its own', () => {
    expect(noteOn(true, model(0.5), undefined)).toMatch(/^demo models: .*$/)
    expect(noteOn(true, model(10), draft(1))!.split('\n')).toHaveLength(2)
  })
})
