import { describe, expect, test } from 'vitest'
import { barPlot, niceCeiling, ticks } from './bars.js'

const bars = [
  { series: 'plain', value: 1, low: NaN, high: NaN },
  { series: 'draft <model>', value: 1.8, low: 1.6, high: 2.1 },
]
const plot = barPlot({
  title: 'A & B',
  axis: 'times',
  groups: [
    { label: 'code', bars },
    { label: 'prose', bars },
  ],
  reference: 1,
})

describe('barPlot', () => {
  test('draws a bar for each value, and error bars where they are known', () => {
    expect(plot.match(/<rect class="s0"/g)).toHaveLength(3) // a bar in each group, and the legend
    expect(plot.match(/<rect class="s1"/g)).toHaveLength(3)
    expect(plot.match(/class="error" d/g)).toHaveLength(2)
    expect(plot.match(/class="reference" x1/g)).toHaveLength(1)
  })

  test('heights are in proportion to values', () => {
    const heights = [...plot.matchAll(/<rect class="s(\d)" x="[\d.]+" y="[\d.]+" width="44" height="([\d.]+)"/g)]
    expect(Number(heights[1]![2]) / Number(heights[0]![2])).toBeCloseTo(1.8, 1)
  })

  test('is well-formed, escaped, and follows the theme', () => {
    expect(plot).toContain('A &amp; B')
    expect(plot).toContain('draft &lt;model&gt;')
    expect(plot).toContain('prefers-color-scheme: dark')
    expect(plot).not.toMatch(/NaN|undefined|Infinity/)
    const open = [...plot.matchAll(/<(\w+)(?:\s[^>]*[^/])?>/g)].map((match) => match[1]).toSorted()
    const closed = [...plot.matchAll(/<\/(\w+)>/g)].map((match) => match[1]).toSorted()
    expect(closed).toEqual(open)
  })

  test('survives having nothing to show', () => {
    expect(barPlot({ title: 't', axis: 'a', groups: [] })).not.toMatch(/NaN/)
    const unknown = { series: 'x', value: NaN, low: NaN, high: NaN }
    expect(barPlot({ title: 't', axis: 'a', groups: [{ label: 'g', bars: [unknown] }] })).not.toMatch(/NaN/)
  })
})

test('niceCeiling leaves room and ends on a round number', () => {
  expect([0, 0.9, 1, 1.8, 2.1, 7.9, 42].map(niceCeiling)).toEqual([1, 1, 1.5, 2, 2.5, 10, 50])
})

test('ticks are round', () => {
  expect(ticks(2)).toEqual([0, 0.5, 1, 1.5, 2])
  expect(ticks(3)).toEqual([0, 0.5, 1, 1.5, 2, 2.5, 3])
  expect(ticks(10)).toEqual([0, 2.5, 5, 7.5, 10])
})
