import { niceCeiling, ticks } from './scale.js'
import { coloursOf, escape, legend, opening, round, smallPrint } from './svg.js'

export interface Point {
  /** 0 or more. */
  readonly x: number
  readonly y: number
  /** Half of the values, or as many as the notes say, lie between these. */
  readonly low?: number
  readonly high?: number
}

export interface Line {
  readonly series: string
  /** Ascending in x. */
  readonly points: readonly Point[]
}

export interface LinePlot {
  readonly title: string
  readonly axes: { readonly x: string; readonly y: string }
  readonly lines: readonly Line[]
  /** All series in the order of their colours, so that drawings agree. Default: those that there are lines of. */
  readonly series?: readonly string[] | undefined
  /** The end of the vertical axis, so that drawings can be compared. Default: what the lines need. */
  readonly top?: number
  /** Small print, a line each. */
  readonly notes?: readonly string[]
}

const margin = { title: 40, right: 20, left: 56 }
const size = { width: 390, plot: 220, above: 12, below: 46 }
/** Labels of the horizontal axis that are closer than this would run into each other. */
const apart = 20

/** Curves over one axis of whole numbers, from 0 upwards, as a drawing that follows the reader's light or dark theme. */
export function linePlot(plot: LinePlot): string {
  const { width } = size
  const series = coloursOf(
    plot.lines.map((line) => line.series),
    plot.series,
  )
  const names = legend(series, margin.left, width - margin.right)
  const notes = smallPrint(plot.notes ?? [], margin.left, width)
  const foot = margin.title + names.height + size.above + size.plot
  const lines = plot.lines.map((line) => ({ ...line, points: line.points.filter(({ y }) => Number.isFinite(y)) }))
  const points = lines.flatMap((line) => line.points)

  const xs = [...new Set(points.map(({ x }) => x))].toSorted((a, b) => a - b)
  const [from = 0, to = 1] = [xs[0], xs.at(-1)]
  const inner = width - margin.left - margin.right
  // A little room at both ends: the first and the last point are not on the edge.
  const x = (value: number): number =>
    round(margin.left + 12 + (to > from ? ((inner - 24) * (value - from)) / (to - from) : inner / 2))
  const top = plot.top ?? niceCeiling(Math.max(0, ...points.flatMap(({ y, high = y }) => [y, high])))
  const y = (value: number): number => round(foot - (size.plot * value) / top)

  return [
    ...opening(plot.title, margin.left, { width, height: foot + size.below + notes.height + 8 }),
    ...names.draw(margin.title),
    ...ticks(top).map(
      (tick) =>
        `<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${y(tick)}" y2="${y(tick)}"/><text class="small" x="${margin.left - 8}" y="${y(tick) + 4}" text-anchor="end">${tick}</text>`,
    ),
    `<text class="small" transform="translate(16 ${foot - size.plot / 2}) rotate(-90)" text-anchor="middle">${escape(plot.axes.y)}</text>`,
    ...spaced(xs.map((value) => ({ value, at: x(value) }))).map(
      ({ value, at }) => `<text class="small" x="${at}" y="${foot + 16}" text-anchor="middle">${value}</text>`,
    ),
    `<text class="small" x="${margin.left + inner / 2}" y="${foot + 36}" text-anchor="middle">${escape(plot.axes.x)}</text>`,
    ...lines.flatMap((line) => {
      const { colour } = series.find(({ name }) => name === line.series)!
      const path = line.points.map((point, i) => `${i === 0 ? 'M' : 'L'}${x(point.x)} ${y(point.y)}`).join('')
      const errors = line.points.filter(({ low, high }) => Number.isFinite(low) && Number.isFinite(high))
      return [
        ...(path === '' ? [] : [`<path class="line l${colour}" d="${path}"/>`]),
        ...errors.map((point) => `<path class="error" d="M${x(point.x)} ${y(point.low!)}V${y(point.high!)}"/>`),
        ...line.points.map(
          (point) =>
            `<circle class="s${colour}" cx="${x(point.x)}" cy="${y(point.y)}" r="3"><title>${escape(line.series)}, ${point.x}: ${Number(point.y.toPrecision(3))}</title></circle>`,
        ),
      ]
    }),
    ...notes.draw(foot + size.below),
    '</svg>',
    '',
  ].join('\n')
}

function spaced<T extends { readonly at: number }>(labels: readonly T[]): T[] {
  const kept: T[] = []
  for (const label of labels) {
    if (kept.length === 0 || label.at - kept.at(-1)!.at >= apart) kept.push(label)
  }
  return kept
}
