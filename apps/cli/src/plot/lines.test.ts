import { describe, expect, test } from 'vitest'
import { linePlot, type LinePlot } from './lines.js'

const plot: LinePlot = {
  title: 'A & B',
  axes: { x: 'tokens', y: 'times' },
  lines: [
    {
      series: 'one <two>',
      points: [
        { x: 1, y: 1 },
        { x: 2, y: 1.5, low: 1.4, high: 1.7 },
        { x: 9, y: 2 },
      ],
    },
    { series: 'other', points: [{ x: 1, y: 0.5 }] },
  ],
  notes: ['a note'],
}

describe('linePlot', () => {
  const svg = linePlot(plot)

  test('draws a line for each series, a dot for each point, and what is uncertain', () => {
    expect(svg.match(/class="line l0"/g)).toHaveLength(1)
    expect(svg.match(/<circle class="s0"/g)).toHaveLength(3)
    expect(svg.match(/<circle class="s1"/g)).toHaveLength(1)
    expect(svg.match(/class="error"/g)).toHaveLength(1)
  })

  test('places are in proportion to values', () => {
    const dots = [...svg.matchAll(/class="s0" cx="([\d.]+)" cy="([\d.]+)"/g)]
    const [x1, x2, x9] = dots.map((dot) => Number(dot[1]))
    const [y1, y2, y9] = dots.map((dot) => Number(dot[2]))
    expect((x9! - x1!) / (x2! - x1!)).toBeCloseTo(8, 1)
    expect((y1! - y9!) / (y1! - y2!)).toBeCloseTo(2, 1)
  })

  test('labels that would run into each other are left out', () => {
    const points = Array.from({ length: 100 }, (_, i) => ({ x: i + 1, y: 1 }))
    const labels = [
      ...linePlot({ ...plot, lines: [{ series: 'x', points }] }).matchAll(/x="([\d.]+)"[^>]*middle">\d+</g),
    ].map((match) => Number(match[1]))
    expect(labels.length).toBeGreaterThan(5)
    for (const [i, at] of labels.entries()) if (i > 0) expect(at - labels[i - 1]!).toBeGreaterThanOrEqual(20)
  })

  test('is well-formed, escaped, and follows the theme', () => {
    expect(svg).toContain('A &amp; B')
    expect(svg).toContain('one &lt;two&gt;')
    expect(svg).toContain('prefers-color-scheme: dark')
    const open = [...svg.matchAll(/<(\w+)(?:\s[^>]*[^/])?>/g)].map((match) => match[1]).toSorted()
    expect([...svg.matchAll(/<\/(\w+)>/g)].map((match) => match[1]).toSorted()).toEqual(open)
  })

  test('survives having nothing to show', () => {
    for (const lines of [[], [{ series: 'x', points: [] }], [{ series: 'x', points: [{ x: 1, y: NaN }] }]]) {
      expect(linePlot({ ...plot, lines })).not.toMatch(/NaN|undefined|Infinity/)
    }
  })
})
