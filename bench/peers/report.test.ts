import { describe, expect, it } from 'vitest'
import { reportLines, reportPage, reportPlot, type Report } from './report.js'

const cell = (setting: string, tokensPerSecond: number) => ({
  setting,
  tokensPerSecond,
  texts: 4,
  interval: { low: tokensPerSecond - 1, high: tokensPerSecond + 1 },
  tokens: 63,
  sameText: 3,
})
const report: Report = {
  about: ['target  a <small> model'],
  results: [
    {
      kind: 'code',
      peer: 'foretoken',
      cells: { plain: cell('plain', 10), default: cell('draft', 20), best: cell('gamma 5', 30) },
    },
    {
      kind: 'code',
      peer: 'llama-server',
      cells: { plain: cell('plain', 11), default: cell('K=3', 16), best: cell('K=4', 25) },
    },
  ],
  comparisons: [
    {
      kind: 'code',
      peer: 'llama-server',
      ratios: [{ ours: 'default', theirs: 'best', ratio: 0.8, interval: { low: 0.75, high: 0.86 }, texts: 4 }],
    },
  ],
  failures: [{ peer: 'llama-server', setting: 'K=99', why: 'out of memory' }],
  greedy: true,
}

describe('the report', () => {
  it('tells speeds, the setting that was best, ratios with intervals, and what failed', () => {
    const text = reportLines(report).join('\n')
    expect(text).toMatch(/code +foretoken +10\.0 +20\.0 +30\.0 +gamma 5 +63\.0 +3 of 4/)
    expect(text).toMatch(/ +llama-server +11\.0 +16\.0 +25\.0 +K=4/)
    expect(text).toMatch(/default \/ best\n.*\ncode +llama-server +0\.80x \(0\.75-0\.86x\)/)
    expect(text).toContain('failed and left out: llama-server, K=99: out of memory')
  })

  it('compares no texts that were drawn', () => {
    expect(reportLines({ ...report, greedy: false }).join('\n')).not.toContain('3 of 4')
  })

  it('draws each program as it comes and at its best', () => {
    expect(reportPlot(report).rows.map(({ groups }) => groups[0]!.bars.map(({ value }) => value))).toEqual([
      [20, 16],
      [30, 25],
    ])
  })

  it('is a page whose text is text', () => {
    const page = reportPage(report)
    expect(page).toContain('<svg')
    expect(page).toContain('a &lt;small&gt; model')
    expect(page).not.toContain('<small>')
  })
})
