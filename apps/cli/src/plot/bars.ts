import { niceCeiling, ticks } from './scale.js'
import { type Colour, coloursOf, escape, legend, opening, round, smallPrint } from './svg.js'

/** A bar, with how far its value may be off. */
export interface Bar {
  readonly series: string
  readonly value: number
  readonly low: number
  readonly high: number
}

export interface BarGroup {
  readonly label: string
  readonly bars: readonly Bar[]
}

/** Groups side by side. Those that find no room go below. */
export interface BarRow {
  readonly label?: string
  readonly groups: readonly BarGroup[]
}

export interface BarPlot {
  readonly title: string
  /** What was measured, on what: stands with the notes, where there is room for it. */
  readonly subtitle?: string | undefined
  /** What the vertical axes say. */
  readonly axis: string
  readonly rows: readonly BarRow[]
  /** All series in the order of their colours, so that drawings agree. Default: those that there are bars of. */
  readonly series?: readonly string[] | undefined
  /** The end of the axes, so that drawings can be compared. Default: what the bars need. */
  readonly top?: number
  /** A value to draw a line at: where nothing is gained or lost. */
  readonly reference?: number
  /** Small print, a line each. */
  readonly notes?: readonly string[]
}

const margin = { title: 40, right: 20, left: 56 }
const bar = { width: 32, gap: 4 }
const groupGap = 36
const row = { label: 26, plot: 200, groups: 36 }
const widest = 1100
const narrowest = 360

/** Grouped bars with error bars, as a drawing that follows the reader's light or dark theme. */
export function barPlot(plot: BarPlot): string {
  const bars = plot.rows.flatMap(({ groups }) => groups.flatMap((group) => group.bars))
  const series = coloursOf(
    bars.map((each) => each.series),
    plot.series,
  )
  const groupWidth = Math.max(1, series.length) * (bar.width + bar.gap) - bar.gap
  const most = Math.max(1, Math.floor((widest - margin.left - margin.right) / (groupWidth + groupGap)))
  const rows = plot.rows.flatMap(({ label, groups }) =>
    evenly(groups, most).map((some, i) => ({ label: i === 0 ? label : undefined, groups: some })),
  )
  const columns = Math.max(1, ...rows.map(({ groups }) => groups.length))
  const width = Math.max(narrowest, margin.left + columns * (groupWidth + groupGap) + margin.right)
  const spread = (width - margin.left - margin.right) / columns

  const names = legend(series, margin.left, width - margin.right)
  const notes = smallPrint([plot.subtitle ?? [], plot.notes ?? []].flat(), margin.left, width)
  const heights = rows.map(({ label }) => (label === undefined ? 12 : row.label) + row.plot + row.groups)
  const [first, end] = [margin.title + names.height, margin.title + names.height + sum(heights)]
  const top = plot.top ?? niceCeiling(Math.max(plot.reference ?? 0, ...bars.flatMap(highest)))

  return [
    ...opening(plot.title, margin.left, { width, height: end + notes.height + 8 }),
    ...names.draw(margin.title),
    ...rows.flatMap(({ label, groups }, i) => {
      const foot = first + sum(heights.slice(0, i + 1)) - row.groups
      const y = (value: number): number => round(foot - (row.plot * value) / top)
      const right = width - margin.right
      return [
        ...(label === undefined
          ? []
          : [`<text class="label" x="${margin.left}" y="${foot - row.plot - 10}">${escape(label)}</text>`]),
        ...ticks(top).map((tick) => gridLine(tick, y(tick), right)),
        `<text class="small" transform="translate(16 ${foot - row.plot / 2}) rotate(-90)" text-anchor="middle">${escape(plot.axis)}</text>`,
        ...(plot.reference === undefined
          ? []
          : [
              `<line class="reference" x1="${margin.left}" x2="${right}" y1="${y(plot.reference)}" y2="${y(plot.reference)}"/>`,
            ]),
        ...groups.flatMap((group, place) => {
          const left = margin.left + place * spread + (spread - groupWidth) / 2
          return [
            ...group.bars.flatMap((each) => drawBar(each, left, series, y)),
            `<text class="label" x="${round(left + groupWidth / 2)}" y="${foot + 20}" text-anchor="middle">${escape(group.label)}</text>`,
          ]
        }),
      ]
    }),
    ...notes.draw(end),
    '</svg>',
    '',
  ].join('\n')
}

function drawBar(
  { series, value, low, high }: Bar,
  groupLeft: number,
  all: readonly Colour[],
  y: (value: number) => number,
): string[] {
  if (!Number.isFinite(value)) return []
  const place = all.findIndex(({ name }) => name === series)
  const left = groupLeft + place * (bar.width + bar.gap)
  const middle = round(left + bar.width / 2)
  const known = Number.isFinite(low) && Number.isFinite(high)
  const cap = 5
  // Four characters at most: a bar is no wider.
  const text = value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2)
  return [
    `<rect class="s${all[place]!.colour}" x="${round(left)}" y="${y(value)}" width="${bar.width}" height="${round(y(0) - y(value))}" rx="2"><title>${escape(series)}: ${text}</title></rect>`,
    ...(known
      ? [
          `<path class="error" d="M${middle} ${y(low)}V${y(high)}M${middle - cap} ${y(low)}h${2 * cap}M${middle - cap} ${y(high)}h${2 * cap}"/>`,
        ]
      : []),
    `<text class="value" x="${middle}" y="${round(y(known ? Math.max(high, value) : value) - 6)}" text-anchor="middle">${text}</text>`,
  ]
}

function gridLine(value: number, y: number, right: number): string {
  return `<line class="grid" x1="${margin.left}" x2="${right}" y1="${y}" y2="${y}"/><text class="small" x="${margin.left - 8}" y="${y + 4}" text-anchor="end">${value}</text>`
}

/** In lists of nearly the same length, none longer than `most`. */
function evenly<T>(items: readonly T[], most: number): T[][] {
  const lists = Math.ceil(items.length / most)
  const each = Math.ceil(items.length / lists)
  return Array.from({ length: lists }, (_, i) => items.slice(i * each, (i + 1) * each))
}

function highest({ value, high }: Bar): number[] {
  return [value, high].filter(Number.isFinite)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
