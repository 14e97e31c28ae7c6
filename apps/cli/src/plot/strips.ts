import { number } from '../terminal/format.js'
import { pad, width } from '../terminal/cells.js'
import { characterWidth, escape, noteHeight, palette, round, style, wrap } from './svg.js'

/** A heap of values, drawn as a small histogram. */
export interface Strip {
  readonly label: string
  /** 0 or more each. */
  readonly values: readonly number[]
}

/** Histograms one below the other, over one logarithmic axis: what differs by powers of ten can be compared. */
export interface StripPlot {
  readonly title: string
  /** What the axis says. */
  readonly axis: string
  readonly strips: readonly Strip[]
  /** Values to hold the strips against. */
  readonly marks: readonly { readonly label: string; readonly value: number }[]
  /** Small print, a line each. */
  readonly notes?: readonly string[]
}

const binsPerDecade = 8

/** Powers of ten at both ends of the axis. What is smaller, 0 for one, goes into the first bin. */
function decades({ strips, marks }: StripPlot): { from: number; to: number } {
  const shown = [...strips.flatMap(({ values }) => values), ...marks.map(({ value }) => value)].filter(isDrawable)
  if (shown.length === 0) return { from: -3, to: 0 }
  const [least, most] = shown.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, 0],
  )
  const to = Math.ceil(Math.log10(most) + 1e-9)
  return { from: Math.max(to - 6, Math.min(to - 1, Math.floor(Math.log10(least)))), to }
}

function isDrawable(value: number): boolean {
  return value > 0 && Number.isFinite(value)
}

interface Axis {
  readonly from: number
  readonly to: number
  readonly bins: number
  /** @returns In `[0, bins)`. */
  place(value: number): number
}

function axisOf(plot: StripPlot): Axis {
  const { from, to } = decades(plot)
  const bins = (to - from) * binsPerDecade
  const place = (value: number): number => {
    if (!(value > 0)) return 0
    return Math.min(bins - 1e-6, Math.max(0, (Math.log10(value) - from) * binsPerDecade))
  }
  return { from, to, bins, place }
}

/** How many values fall into each bin. What is no number lies beyond every other. */
function histogram(values: readonly number[], axis: Axis): number[] {
  const counts = Array<number>(axis.bins).fill(0)
  for (const value of values) counts[Number.isNaN(value) ? axis.bins - 1 : Math.floor(axis.place(value))]!++
  return counts
}

/** The plot as lines of text. */
export function stripLines(plot: StripPlot): string[] {
  const axis = axisOf(plot)
  const indent = Math.max(...[...plot.strips, ...plot.marks].map(({ label }) => width(label)))
  const line = (label: string, text: string): string => `${pad(label, indent)}  ${text}`.trimEnd()
  const scale = Array.from({ length: axis.to - axis.from }, (_, i) => pad(tick(axis.from + i), binsPerDecade)).join('')
  return [
    ...plot.strips.map(({ label, values }) => line(label, blocks(histogram(values, axis)))),
    ...plot.marks.map(({ label, value }) =>
      line(label, `${' '.repeat(Math.floor(axis.place(value)))}▲ ${number(value)}`),
    ),
    line('', `${scale}${tick(axis.to)}  ${plot.axis}`),
  ]
}

/** Heights go with the square root, so that one value among thousands can be seen. */
function blocks(counts: readonly number[]): string {
  const most = Math.max(...counts)
  return counts
    .map((count) => (count === 0 ? ' ' : '▁▂▃▄▅▆▇█'[Math.ceil(Math.sqrt(count / most) * 8) - 1]!))
    .join('')
    .trimEnd()
}

function tick(power: number): string {
  return String(Number(`1e${power}`))
}

const margin = { top: 72, right: 24, bottom: 52, left: 150 }
const binWidth = 9
const stripHeight = 44

/** The plot as a drawing that follows the reader's light or dark theme. */
export function stripPlot(plot: StripPlot): string {
  const axis = axisOf(plot)
  const inner = axis.bins * binWidth
  const size = { width: Math.max(480, margin.left + inner + margin.right), plot: plot.strips.length * stripHeight }
  const bottom = margin.top + size.plot
  const notes = (plot.notes ?? []).flatMap((note) => wrap(note, (size.width - 2 * margin.right) / characterWidth))
  const height = bottom + margin.bottom + notes.length * noteHeight
  const x = (bin: number): number => round(margin.left + bin * binWidth)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${height}" width="${size.width}" height="${height}" role="img" aria-label="${escape(plot.title)}">`,
    style,
    `<rect class="ground" width="${size.width}" height="${height}"/>`,
    `<text class="title" x="${margin.right}" y="26">${escape(plot.title)}</text>`,
    ...Array.from({ length: axis.to - axis.from + 1 }, (_, i) => {
      const at = x(i * binsPerDecade)
      return `<line class="grid" x1="${at}" x2="${at}" y1="${margin.top}" y2="${bottom}"/><text class="small" x="${at}" y="${bottom + 16}" text-anchor="middle">${tick(axis.from + i)}</text>`
    }),
    `<text class="small" x="${x(axis.bins / 2)}" y="${bottom + 36}" text-anchor="middle">${escape(plot.axis)}</text>`,
    ...plot.strips.flatMap((strip, i) => drawStrip(strip, i, axis, x)),
    ...plot.marks.map(({ label, value }, i) => {
      const at = x(axis.place(value))
      // Labels take turns between two heights, as marks may be close to each other.
      return `<line class="reference" x1="${at}" x2="${at}" y1="${margin.top - 6}" y2="${bottom}"/><text class="small" x="${at}" y="${margin.top - 10 - (i % 2) * 14}" text-anchor="middle">${escape(`${label} ${number(value)}`)}</text>`
    }),
    ...notes.map(
      (note, i) =>
        `<text class="small" x="${margin.right}" y="${bottom + margin.bottom + i * noteHeight}">${escape(note)}</text>`,
    ),
    '</svg>',
    '',
  ].join('\n')
}

function drawStrip({ label, values }: Strip, index: number, axis: Axis, x: (bin: number) => number): string[] {
  const foot = margin.top + (index + 1) * stripHeight
  const counts = histogram(values, axis)
  const most = Math.max(...counts)
  return [
    `<text class="label" x="${margin.left - 10}" y="${foot - 8}" text-anchor="end">${escape(label)}</text>`,
    `<line class="grid" x1="${margin.left}" x2="${x(axis.bins)}" y1="${foot}" y2="${foot}"/>`,
    ...counts.flatMap((count, bin) => {
      if (count === 0) return []
      const tall = round(Math.max(2, Math.sqrt(count / most) * (stripHeight - 10)))
      return `<rect class="s${index % palette.length}" x="${x(bin)}" y="${round(foot - tall)}" width="${binWidth - 1}" height="${tall}"><title>${escape(label)}: ${count}</title></rect>`
    }),
  ]
}
