import { describe, expect, test } from 'vitest'
import { stripLines, stripPlot, type StripPlot } from './strips.js'

const plot: StripPlot = {
  title: 'A & B',
  axis: 'logits',
  strips: [
    { label: 'many', values: [...Array<number>(100).fill(0.011), 0.5, 0.002, 0] },
    { label: 'one <two>', values: [0.011] },
    { label: 'none', values: [] },
  ],
  marks: [
    { label: 'limit', value: 0.1 },
    { label: 'far', value: 11 },
  ],
  notes: ['a note'],
}

describe('as text', () => {
  test('equal values stand below each other, what is rare can be seen, zero is at the start', () => {
    const lines = stripLines(plot)
    expect(lines).toHaveLength(6)
    const [many, one, none] = lines.map((line) => line.slice('one <two>  '.length)) as [string, string, string]
    expect(many.indexOf('█')).toBe(one.indexOf('█'))
    expect(many).toMatch(/^▁ +▁? *█ +▁$/)
    expect(none).toBe('')
  })

  test('marks stand above their place on the axis', () => {
    const lines = stripLines(plot)
    const axis = lines.at(-1)!
    expect(axis).toMatch(/0\.01 +0\.1 +1 +10 +100 {2}logits$/)
    expect(lines[3]!.indexOf('▲')).toBe(axis.indexOf('0.1 '))
  })
})

describe('as a drawing', () => {
  test('is well-formed, escaped, and follows the theme', () => {
    const svg = stripPlot(plot)
    expect(svg).toContain('A &amp; B')
    expect(svg).toContain('one &lt;two&gt;')
    expect(svg).toContain('a note')
    expect(svg).toContain('prefers-color-scheme: dark')
    expect(svg).not.toMatch(/NaN|undefined|Infinity/)
    const open = [...svg.matchAll(/<(\w+)(?:\s[^>]*[^/])?>/g)].map((match) => match[1]).toSorted()
    expect([...svg.matchAll(/<\/(\w+)>/g)].map((match) => match[1]).toSorted()).toEqual(open)
  })

  test('a bin for each heap of values, heights by the square root of counts', () => {
    const heights = [...stripPlot(plot).matchAll(/class="s0" .*height="([\d.]+)"><title>many: (\d+)/g)]
    expect(heights.map((match) => match.slice(1).map(Number))).toEqual([
      [3.4, 1],
      [3.4, 1],
      [34, 100],
      [3.4, 1],
    ])
  })

  test('survives having nothing to show, and values that are no number', () => {
    for (const values of [[], [0, 0], [NaN, Infinity]]) {
      const odd = { ...plot, strips: [{ label: 'x', values }], marks: [{ label: 'y', value: NaN }] }
      expect(stripPlot(odd)).not.toMatch(/NaN|undefined|Infinity/)
      expect(stripLines(odd).join('')).not.toMatch(/NaN|undefined|Infinity/)
    }
  })
})
