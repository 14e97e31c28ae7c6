import type { Heat } from '../measure/contest.js'
import { passTime, type PassTime } from '../measure/pass-curve.js'
import { predictSpeedup, summarize, type Summary } from '../measure/summary.js'
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

export interface BenchHeat extends Heat {
  readonly temperature: number
}

/** T(n) of one of the models. */
export interface ModelCurve {
  readonly model: string
  readonly passes: readonly PassTime[]
}

/** One configuration at one temperature, on one kind of content or on all. */
export interface BenchRow extends Summary {
  readonly kind: string
  readonly temperature: number
  readonly configuration: string
  /** A draft step over a target step. */
  readonly c: number
  /** The speed-up that acceptance and times allow. NaN where drafts are not all of one length. */
  readonly predicted: number
}

export const everything = 'all'

/** Speed-ups are against the first configuration. Grouped by kind, then by temperature. */
export function benchRows(
  heats: readonly BenchHeat[],
  entrants: readonly Entrant[],
  curve: readonly PassTime[],
): BenchRow[] {
  const kinds = [...new Set(heats.map(({ kind }) => kind))]
  const temperatures = temperaturesOf(heats)
  return [...kinds, ...(kinds.length > 1 ? [everything] : [])].flatMap((kind) =>
    temperatures.flatMap((temperature) => {
      const some = heats.filter(
        (heat) => heat.temperature === temperature && (kind === everything || heat.kind === kind),
      )
      // An interrupted run has not come to every cell.
      if (some.length === 0) return []
      return entrants.map((_, i) => ({ kind, temperature, ...cell(some, entrants, i, curve) }))
    }),
  )
}

function cell(heats: readonly Heat[], entrants: readonly Entrant[], i: number, curve: readonly PassTime[]) {
  const entrant = entrants[i]!
  const baseline = heats.map(({ runs }) => runs[0]!)
  const summary = summarize(
    heats.map(({ runs }) => runs[i]!),
    i === 0 ? undefined : baseline,
  )
  const draftStepMs = entrant.draftStepMs ?? summary.draftStepMs
  const pass = (tokens: number): number => passTime(curve, tokens)
  const { gamma } = entrant
  // The formula is for drafts of one length, and against plain decoding: it says nothing beside another baseline.
  const foretold = i > 0 && gamma !== undefined && entrants[0]!.strategy === 'none'
  const predicted = foretold ? predictSpeedup({ ...summary, gamma, pass, draftStepMs }).speedup : NaN
  return { configuration: entrant.name, ...summary, c: draftStepMs / pass(1), predicted }
}

export function temperaturesOf(cells: readonly { readonly temperature: number }[]): number[] {
  return [...new Set(cells.map(({ temperature }) => temperature))].toSorted((a, b) => a - b)
}

/** What a table shows of a row, beside what the row is about. */
export const figures: readonly { readonly title: string; readonly of: (row: BenchRow) => string }[] = [
  { title: 'tok/s', of: (row) => number(row.tokensPerSecond) },
  { title: 'speed-up', of: (row) => (Number.isNaN(row.speedup) ? '1' : timesWithin(row.speedup, row.interval)) },
  { title: 'predicted', of: (row) => times(row.predicted) },
  { title: 'alpha', of: (row) => number(row.alpha) },
  { title: 'tau', of: (row) => number(row.tau) },
  { title: 'drafted', of: (row) => number(row.drafted) },
  { title: 'drafting', of: (row) => percent(row.draftShare) },
  { title: 'fresh', of: (row) => percent(row.fresh) },
  { title: 'prompt', of: (row) => duration(row.prefillMs) },
  { title: 'runs', of: (row) => String(row.runs) },
]

/** What the columns mean. */
export const legendLines = [
  'tok/s and speed-up are of decoding alone; speed-up is the geometric mean over prompts with its 95 % interval.',
  'drafted: tokens drafted in a pass of the target; drafting: share of the time that went into it.',
  'fresh: share of the tokens that are not going round in circles, which are easy to foresee.',
  'prompt: time to the end of the first round, which reads it.',
]

/** What has to be said when the texts foresee themselves; nothing when they do not. */
export function circlesNote(rows: readonly BenchRow[]): string | undefined {
  const said = temperaturesOf(rows).flatMap((temperature) => {
    // The last kind is all content, or all that there is; the first row of a cell is the baseline.
    const plain = rows.find((row) => row.temperature === temperature && row.kind === rows.at(-1)!.kind)!
    return plain.fresh < 0.75 ? [`${percent(plain.fresh)} at T = ${temperature}`] : []
  })
  if (said.length === 0) return undefined
  return `Only a part of the text is fresh (${said.join(', ')}): where the model goes round in circles, every strategy looks better than it is.`
}

function percent(share: number): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %` : '–'
}

/** A table for people. */
export function benchLines(rows: readonly BenchRow[], curves: readonly ModelCurve[], paint: Paint): string[] {
  const titles = ['content', 'T', 'configuration', ...figures.map(({ title }) => title)]
  const cells = rows.map((row, i) => {
    const sameKind = row.kind === rows[i - 1]?.kind
    return [
      sameKind ? '' : row.kind,
      sameKind && row.temperature === rows[i - 1]!.temperature ? '' : String(row.temperature),
      row.configuration,
      ...figures.map(({ of }) => of(row)),
    ]
  })
  return [
    ...table(
      titles.map((title, i) => ({ title, align: i < 3 ? ('left' as const) : ('right' as const) })),
      cells,
      paint,
    ),
    '',
    ...curves.map(({ passes }, i) => {
      const base = passes[0]?.ms ?? NaN
      const shown = passes.map(({ width, ms }) => `n=${width}: ${number(ms / base)}`).join('   ')
      return `T(n)/T(1)  ${i === 0 ? 'target' : 'draft '}  ${shown}   (T(1) ${duration(base)})`
    }),
    ...legendLines.map((line) => paint.dim(line)),
  ]
}
