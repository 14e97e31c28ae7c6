import { draftModel, fixedLength } from '@foretoken/core'
import { randomTable, ToyModel } from '@foretoken/core/testing'
import { describe, expect, test } from 'vitest'
import { type Heat, heat } from '../measure/contest.js'
import { timed } from '../measure/timed.js'
import { createPaint } from '../terminal/paint.js'
import { explainForks } from './forks.js'
import { demoLines, demoReport } from './report.js'

const toy = () => new ToyModel({ vocabSize: 4, next: randomTable({ seed: 3, vocabSize: 4 }) })
const prompts = ['ab', 'bca', 'cab', 'dda'].map((text, i) => ({ id: `p${i}`, kind: 'code', text }))
const point = (width: number, ms: number) => ({ width, ms, low: ms, high: ms })
const curve = [point(1, 10), point(2, 11), point(5, 14)]

async function pairs(): Promise<Heat[]> {
  const draft = timed(toy())
  const length = fixedLength(4)
  const contenders = [{ name: 'plain' }, { name: 'speculative', strategy: draftModel({ model: draft }), length, draft }]
  const heats: Heat[] = []
  for (const [index, prompt] of prompts.entries()) {
    heats.push(await heat({ model: toy(), contenders, prompt, index, generate: { maxTokens: 20 } }))
  }
  return heats
}

const about = {
  target: 'toy',
  draft: 'toy',
  length: 'fixed 4',
  gamma: 4,
  curve,
  draftCurve: [1, 2].map((width) => ({ width, ms: 1.25, low: 1.25, high: 1.25 })),
}

describe('the report', () => {
  test('of texts that are the same', async () => {
    const heats = await pairs()
    const report = demoReport({ ...about, heats, forks: [], note: 'inflated' })
    expect(report).toMatchObject({ pairs: 4, identical: 4, alpha: 1, tau: 5, c: 0.125, expectedTokens: 5 })
    expect(report.predicted).toBeCloseTo(50 / (5 + 14 + report.overheadMs), 10)
    const text = demoLines(report, 4, createPaint(false)).join('\n')
    expect(text).toContain('identical in 4 of 4 pairs')
    expect(text).toContain('n=2: 1.10   n=5: 1.40')
    expect(text).toMatch(/predicted +[\d.]+x {2}= 5\.00 tokens x T\(1\) 10\.0 ms \/ \(4 x 1\.25 ms \+ T\(5\) 14\.0 ms/)
    expect(text).toMatch(/inflated$/)
    expect(JSON.stringify(report)).toBeTruthy()
  })

  test('of a fork that rounding cannot explain', async () => {
    const heats = await pairs()
    // As if speculation had said something else at the third token.
    const tokens = [...heats[1]!.runs[1]!.result.tokens]
    tokens[2] = (tokens[2]! + 1) % 4
    const wrong = { ...heats[1]!.runs[1]!, result: { ...heats[1]!.runs[1]!.result, tokens } }
    const broken = heats.with(1, { ...heats[1]!, runs: [heats[1]!.runs[0]!, wrong] })
    const texts = new Map(prompts.map(({ id, text }) => [id, text]))
    const forks = await explainForks(toy(), broken, texts, 5, new AbortController().signal)
    expect(forks).toMatchObject([{ prompt: 'p1', position: 2, rounding: 0, verdict: 'bug' }])
    expect(forks[0]!.margin).toBeGreaterThan(0.05)
    const report = demoReport({ ...about, heats: broken, forks, note: undefined })
    expect(report.identical).toBe(3)
    expect(demoLines(report, 4, createPaint(false)).join('\n')).toMatch(/BUG: p1 forks at token 3; .* differ by [\d.]+/)
  })
})
