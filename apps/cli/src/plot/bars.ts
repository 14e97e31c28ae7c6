import { characterWidth, escape, noteHeight, palette, round, style, wrap } from './svg.js'

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

export interface BarPlot {
  readonly title: string
  /** What was measured, on what: stands with the notes, where there is room for it. */
  readonly subtitle?: string | undefined
  /** What the vertical axis says. */
  readonly axis: string
  readonly groups: readonly BarGroup[]
  /** A value to draw a line at: where nothing is gained or lost. */
  readonly reference?: number
  /** Small print, a line each. */
  readonly notes?: readonly string[]
}

const margin = { top: 72, right: 20, bottom: 56, left: 56 }
const bar = { width: 44, gap: 8 }
const groupGap = 44
const plotHeight = 260
/** Grouped bars with error bars, as a drawing that follows the reader's light or dark theme. */
export function barPlot(plot: BarPlot): string {
  const series = [...new Set(plot.groups.flatMap(({ bars }) => bars.map((each) => each.series)))]
  const groupWidth = series.length * (bar.width + bar.gap) - bar.gap
  const inner = plot.groups.length * (groupWidth + groupGap)
  const size = {
    width: Math.max(480, margin.left + inner + margin.right),
    height: margin.top + plotHeight + margin.bottom,
  }
  const notes = [plot.subtitle ?? [], plot.notes ?? []]
    .flat()
    .flatMap((note) => wrap(note, (size.width - margin.left - margin.right) / characterWidth))
  const height = size.height + notes.length * noteHeight
  const top = niceCeiling(Math.max(plot.reference ?? 0, ...plot.groups.flatMap(({ bars }) => bars.flatMap(highest))))
  const y = (value: number): number => round(margin.top + plotHeight * (1 - value / top))
  const spread = (size.width - margin.left - margin.right) / Math.max(1, plot.groups.length)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${height}" width="${size.width}" height="${height}" role="img" aria-label="${escape(plot.title)}">`,
    style,
    `<rect class="ground" width="${size.width}" height="${height}"/>`,
    `<text class="title" x="${margin.left}" y="26">${escape(plot.title)}</text>`,
    ...legend(series),
    ...ticks(top).map((tick) => gridLine(tick, y(tick), size.width)),
    `<text class="small" transform="translate(16 ${margin.top + plotHeight / 2}) rotate(-90)" text-anchor="middle">${escape(plot.axis)}</text>`,
    ...(plot.reference === undefined
      ? []
      : [
          `<line class="reference" x1="${margin.left}" x2="${size.width - margin.right}" y1="${y(plot.reference)}" y2="${y(plot.reference)}"/>`,
        ]),
    ...plot.groups.flatMap((group, i) => {
      const left = margin.left + i * spread + (spread - groupWidth) / 2
      return [
        ...group.bars.flatMap((each) =>
          drawBar(each, left + series.indexOf(each.series) * (bar.width + bar.gap), series, y),
        ),
        `<text class="label" x="${round(left + groupWidth / 2)}" y="${size.height - margin.bottom + 24}" text-anchor="middle">${escape(group.label)}</text>`,
      ]
    }),
    ...notes.map(
      (note, i) =>
        `<text class="small" x="${margin.left}" y="${size.height - 8 + i * noteHeight}">${escape(note)}</text>`,
    ),
    '</svg>',
    '',
  ].join('\n')
}

function drawBar(
  { series, value, low, high }: Bar,
  left: number,
  all: readonly string[],
  y: (value: number) => number,
): string[] {
  if (!Number.isFinite(value)) return []
  const middle = round(left + bar.width / 2)
  const known = Number.isFinite(low) && Number.isFinite(high)
  const cap = 6
  return [
    `<rect class="s${all.indexOf(series) % palette.length}" x="${round(left)}" y="${y(value)}" width="${bar.width}" height="${round(y(0) - y(value))}" rx="2"><title>${escape(series)}: ${value.toFixed(2)}</title></rect>`,
    ...(known
      ? [
          `<path class="error" d="M${middle} ${y(low)}V${y(high)}M${middle - cap} ${y(low)}h${2 * cap}M${middle - cap} ${y(high)}h${2 * cap}"/>`,
        ]
      : []),
    `<text class="value" x="${middle}" y="${round(y(known ? Math.max(high, value) : value) - 6)}" text-anchor="middle">${value.toFixed(2)}</text>`,
  ]
}

function legend(series: readonly string[]): string[] {
  let left = margin.left
  return series.flatMap((name, i) => {
    const x = left
    left += 28 + name.length * 7
    return [
      `<rect class="s${i % palette.length}" x="${x}" y="54" width="10" height="10" rx="2"/>`,
      `<text class="small" x="${x + 15}" y="63">${escape(name)}</text>`,
    ]
  })
}

function gridLine(value: number, y: number, width: number): string {
  return `<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${y}" y2="${y}"/><text class="small" x="${margin.left - 8}" y="${y + 4}" text-anchor="end">${value}</text>`
}

function highest({ value, high }: Bar): number[] {
  return [value, high].filter(Number.isFinite)
}

/** The end of an axis that holds `value`: 1, 1.5, 2, 2.5, 3, 4, 5, 8 times a power of ten, with room for a label above. */
export function niceCeiling(value: number): number {
  const wanted = value > 0 ? value * 1.08 : 1
  const power = 10 ** Math.floor(Math.log10(wanted))
  const step = [1, 1.5, 2, 2.5, 3, 4, 5, 8, 10].find((candidate) => candidate * power >= wanted)!
  return Number((step * power).toPrecision(3))
}

/** Evenly spaced values from 0 to `top`, four to six of them. */
export function ticks(top: number): number[] {
  const parts = [4, 5, 6, 3].find((count) => isRound(top / count)) ?? 4
  return Array.from({ length: parts + 1 }, (_, i) => Number(((top * i) / parts).toPrecision(6)))
}

function isRound(step: number): boolean {
  const mantissa = step / 10 ** Math.floor(Math.log10(step))
  return [1, 2, 2.5, 5].some((nice) => Math.abs(mantissa - nice) < 1e-9)
}
