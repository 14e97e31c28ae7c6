import type { BarPlot } from '../plot/bars.js'
import type { LinePlot } from '../plot/lines.js'
import { niceCeiling } from '../plot/scale.js'
import { type BenchRow, type ModelCurve, temperaturesOf } from './report.js'

const intervalNote = 'Bars: geometric mean over prompts; lines: 95 % bootstrap interval.'

/** All speed-ups in one drawing: a row for each temperature. */
export function speedupPlot(
  rows: readonly BenchRow[],
  names: readonly string[],
  about: { model: string; notes: readonly string[] },
): BarPlot {
  const [baseline] = names
  return {
    title: `Speed-up over ${baseline}`,
    subtitle: about.model,
    axis: `times as fast as ${baseline}`,
    reference: 1,
    series: coloured(names),
    notes: [intervalNote, ...about.notes],
    rows: temperaturesOf(rows).map((temperature) => ({
      label: `T = ${temperature}`,
      groups: kindsOf(rows).map((kind) => ({
        label: kind,
        bars: speedups(rows.filter((row) => row.kind === kind && row.temperature === temperature)),
      })),
    })),
  }
}

/** The speed-ups at one temperature, a small drawing for each kind of content. */
export function speedupPlots(rows: readonly BenchRow[], names: readonly string[], temperature: number): BarPlot[] {
  const some = rows.filter((row) => row.temperature === temperature)
  const bars = speedups(some)
  const top = niceCeiling(Math.max(1, ...bars.flatMap(({ value, high }) => [value, high]).filter(Number.isFinite)))
  return kindsOf(some).map((kind) => ({
    title: `${kind}, T = ${temperature}`,
    axis: `times as fast as ${names[0]}`,
    reference: 1,
    series: coloured(names),
    top,
    rows: [{ groups: [{ label: '', bars: speedups(some.filter((row) => row.kind === kind)) }] }],
  }))
}

/** Tokens per second over all content, a small drawing for each temperature. */
export function ratePlots(rows: readonly BenchRow[], names: readonly string[]): BarPlot[] {
  const some = overAll(rows)
  const top = niceCeiling(Math.max(...some.map((row) => row.tokensPerSecond).filter(Number.isFinite)))
  return temperaturesOf(some).map((temperature) => ({
    title: `${some[0]!.kind}, T = ${temperature}`,
    axis: 'tokens per second',
    series: coloured(names),
    top,
    rows: [
      {
        groups: [
          {
            label: '',
            bars: some
              .filter((row) => row.temperature === temperature)
              .map((row) => ({ series: row.configuration, value: row.tokensPerSecond, low: NaN, high: NaN })),
          },
        ],
      },
    ],
  }))
}

/** How many drafted tokens rounds keep, over all content, a small drawing for each temperature. */
export function keptPlots(rows: readonly BenchRow[], names: readonly string[]): LinePlot[] {
  const some = overAll(rows).filter(({ kept }) => kept.length > 0)
  return temperaturesOf(some).map((temperature) => ({
    title: `${some[0]!.kind}, T = ${temperature}`,
    axes: { x: 'position in the draft', y: 'share of rounds that kept it' },
    series: coloured(names),
    top: 1,
    lines: some
      .filter((row) => row.temperature === temperature)
      .map((row) => ({ series: row.configuration, points: row.kept.map((y, i) => ({ x: i + 1, y })) })),
  }))
}

/** T(n)/T(1), a line for each model. */
export function curvePlot(curves: readonly ModelCurve[]): LinePlot {
  return {
    title: 'What a pass over n tokens costs',
    axes: { x: 'n, tokens in a pass', y: 'T(n) / T(1)' },
    lines: curves.map(({ passes }, i) => {
      const base = passes[0]?.ms ?? NaN
      return {
        series: i === 0 ? 'target' : curves.length === 2 ? 'draft' : `draft ${i}`,
        points: passes.map(({ width, ms, low, high }) => ({
          x: width,
          y: ms / base,
          low: low / base,
          high: high / base,
        })),
      }
    }),
    notes: ['Dots: medians; lines: the middle half of the passes.'],
  }
}

/** The baseline last: it has no speed-up, and takes no colour from those that have. */
function coloured([baseline, ...compared]: readonly string[]): string[] {
  return [...compared, ...(baseline === undefined ? [] : [baseline])]
}

function speedups(rows: readonly BenchRow[]) {
  return rows
    .filter(({ speedup }) => Number.isFinite(speedup))
    .map(({ configuration, speedup, interval }) => ({ series: configuration, value: speedup, ...interval }))
}

function kindsOf(rows: readonly BenchRow[]): string[] {
  return [...new Set(rows.map(({ kind }) => kind))]
}

/** The rows of the last kind: all content together, or the only kind there is. */
function overAll(rows: readonly BenchRow[]): BenchRow[] {
  return rows.filter(({ kind }) => kind === rows.at(-1)!.kind)
}
