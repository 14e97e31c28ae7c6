import type { Heat } from '../measure/contest.js'
import { passTime, type PassTime } from '../measure/pass-curve.js'
import { predictSpeedup, summarize, type Summary } from '../measure/summary.js'
import { type BarPlot } from '../plot/bars.js'
import { duration, number, times, timesWithin } from '../terminal/format.js'
import type { Paint } from '../terminal/paint.js'
import { table } from '../terminal/table.js'

/** What is known of a configuration before it runs. */
export interface Entrant {
  readonly name: string
  readonly strategy: string
  readonly length: string
  /** Tokens drafted in each round, where a model drafts and that never changes. */
  readonly gamma: number | undefined
  /** Time of a step of its draft model, in milliseconds, where it has one. */
  readonly draftStepMs: number | undefined
}

/** One configuration on one kind of content, or on all. */
export interface BenchRow extends Summary {
  readonly kind: string
  readonly configuration: string
  /** A draft step over a target step. */
  readonly c: number
  readonly predicted: number
}

export const everything = 'all'

/** Speed-ups are against the first configuration. */
export function benchRows(
  heats: readonly Heat[],
  entrants: readonly Entrant[],
  curve: readonly PassTime[],
): BenchRow[] {
  const kinds = [...new Set(heats.map(({ kind }) => kind))]
  return [...kinds, ...(kinds.length > 1 ? [everything] : [])].flatMap((kind) => {
    const some = heats.filter((heat) => kind === everything || heat.kind === kind)
    const baseline = some.map(({ runs }) => runs[0]!)
    return entrants.map((entrant, i) => {
      const runs = some.map((heat) => heat.runs[i]!)
      const summary = summarize(runs, i === 0 ? undefined : baseline)
      const draftStepMs = entrant.draftStepMs ?? summary.draftStepMs
      const pass = (tokens: number): number => passTime(curve, tokens)
      // The formula is against plain decoding, so it says nothing beside another baseline.
      const comparable = i > 0 && entrants[0]!.strategy === 'none'
      const predicted = comparable
        ? predictSpeedup({ ...summary, gamma: entrant.gamma, pass, draftStepMs }).speedup
        : NaN
      return { kind, configuration: entrant.name, ...summary, c: draftStepMs / pass(1), predicted }
    })
  })
}

/** A table for people. */
export function benchLines(rows: readonly BenchRow[], curve: readonly PassTime[], paint: Paint): string[] {
  const columns = ['content', 'configuration', 'tok/s', 'speed-up', 'predicted', 'alpha', 'tau', 'c', 'prompt']
  const cells = rows.map((row, i) => [
    row.kind === rows[i - 1]?.kind ? '' : row.kind,
    row.configuration,
    number(row.tokensPerSecond),
    Number.isNaN(row.speedup) ? '1' : timesWithin(row.speedup, row.interval),
    times(row.predicted),
    number(row.alpha),
    number(row.tau),
    number(row.c),
    duration(row.prefillMs),
  ])
  const base = curve[0]?.ms ?? NaN
  return [
    ...table(
      columns.map((title, i) => ({ title, align: i < 2 ? ('left' as const) : ('right' as const) })),
      cells,
      paint,
    ),
    '',
    `T(n)/T(1)  ${curve.map(({ width, ms }) => `n=${width}: ${number(ms / base)}`).join('   ')}   (T(1) ${duration(base)})`,
    paint.dim(
      'tok/s and speed-up are of decoding alone; speed-up is the geometric mean over prompts with its 95 % interval,',
    ),
    paint.dim('prompt the time to the end of the first round, which reads it.'),
  ]
}

/** The speed-ups as a drawing. */
export function benchPlot(
  rows: readonly BenchRow[],
  entrants: readonly Entrant[],
  about: { model: string; notes: readonly string[] },
): BarPlot {
  const kinds = [...new Set(rows.map(({ kind }) => kind))]
  const compared = entrants.slice(1).map(({ name }) => name)
  return {
    title: `Speed-up over ${entrants[0]?.name}`,
    subtitle: about.model,
    axis: `times as fast as ${entrants[0]?.name}`,
    reference: 1,
    notes: ['Bars: geometric mean over prompts; lines: 95 % bootstrap interval.', ...about.notes],
    groups: kinds.map((kind) => ({
      label: kind,
      bars: rows
        .filter((row) => row.kind === kind && compared.includes(row.configuration))
        .map(({ configuration, speedup, interval }) => ({ series: configuration, value: speedup, ...interval })),
    })),
  }
}
