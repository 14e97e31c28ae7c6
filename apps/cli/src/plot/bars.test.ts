import { describe, expect, test } from 'vitest'
import { type BarGroup, barPlot } from './bars.js'

const bars = [
  { series: 'plain', value: 1, low: NaN, high: NaN },
  { series: 'draft <model>', value: 1.8, low: 1.6, high: 2.1 },
]
const plot = barPlot({
  title: 'A & B',
  axis: 'times',
  rows: [
    {
      groups: [
        { label: 'code', bars },
        { label: 'prose', bars },
      ],
    },
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
    const heights = [...plot.matchAll(/<rect class="s(\d)" x="[\d.]+" y="[\d.]+" width="32" height="([\d.]+)"/g)]
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

  test('a name has its colour, whatever else is drawn', () => {
    const one = barPlot({
      title: 't',
      axis: 'a',
      rows: [{ groups: [{ label: 'g', bars: [bars[1]!] }] }],
      series: ['plain', 'draft <model>'],
    })
    expect(one).not.toContain('class="s0"')
    expect(one.match(/<rect class="s1"/g)).toHaveLength(2)
  })

  test('six kinds, six ways, three rows: nothing lies outside, no text on another', () => {
    const names = ['auto', 'draft-model', 'suffix', 'prompt-lookup', 'recycling', 'prediction']
    const groups = ['code', 'prose', 'edits', 'chat', 'json', 'copy', 'all'].map((label, g): BarGroup => {
      return { label, bars: names.map((series, s) => ({ series, value: 1 + s + g, low: s + g, high: 2 + s + g })) }
    })
    const rows = ['T = 0', 'T = 0.7', 'T = 1'].map((label) => ({ label, groups }))
    const big = barPlot({ title: 'a title', axis: 'times', rows, notes: ['many words '.repeat(60)] })
    expect(big.match(/class="label"/g)).toHaveLength(3 + 3 * 7)
    const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(big)!.map(Number)
    const texts = [...big.matchAll(/<text class="(\w+)" x="([\d.]+)" y="([\d.]+)"([^>]*)>([^<]*)/g)].map((found) => {
      const [, kind, x, y, rest, text] = found as unknown as string[]
      const wide = text!.length * (kind === 'label' ? 7 : 6.2)
      const left = Number(x) - (/end"/.test(rest!) ? wide : /middle/.test(rest!) ? wide / 2 : 0)
      return { text, left, right: left + wide, top: Number(y) - 9, bottom: Number(y) }
    })
    for (const one of texts) {
      expect(one.left >= 0 && one.right <= width! && one.bottom < height!, one.text).toBe(true)
      const over = texts.filter(
        (other) =>
          other !== one &&
          other.left < one.right &&
          one.left < other.right &&
          other.top < one.bottom &&
          one.top < other.bottom,
      )
      expect(over.map(({ text }) => `${one.text} on ${text}`)).toEqual([])
    }
  })

  test('survives having nothing to show', () => {
    expect(barPlot({ title: 't', axis: 'a', rows: [] })).not.toMatch(/NaN/)
    const unknown = { series: 'x', value: NaN, low: NaN, high: NaN }
    expect(barPlot({ title: 't', axis: 'a', rows: [{ groups: [{ label: 'g', bars: [unknown] }] }] })).not.toMatch(/NaN/)
  })
})
