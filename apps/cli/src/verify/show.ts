import type { StripPlot } from '../plot/strips.js'
import { stripLines } from '../plot/strips.js'
import { largest } from '../measure/statistics.js'
import { number, plural } from '../terminal/format.js'
import type { Paint } from '../terminal/paint.js'
import { facts, table } from '../terminal/table.js'
import type { Evidence } from './collect.js'
import type { VerifyReport } from './report.js'

/** Bugs and near-ties that are told one by one; the rest is in the JSON. */
const shown = 8

/** The report for people. */
export function verifyLines(report: VerifyReport, plot: StripPlot, paint: Paint): string[] {
  const { rounding, bugs, note } = report
  const rows = report.runs.map(({ name, length, passes, drafted, accepted, rolledBack, forks, drift }) => [
    `${name}, ${length}`,
    whole(passes),
    whole(drafted),
    whole(accepted),
    whole(rolledBack),
    whole(forks.length),
    number(largest(forks.map(({ margin }) => margin))),
    number(drift.median),
    number(drift.largest),
  ])
  const reference = ['without roll-back', '', '', '', '', '', '', number(rounding.median), number(rounding.largest)]
  const titles = ['', 'passes', 'drafted', 'accepted', 'rolled back', 'forks', 'margin', 'off by: median', 'largest']
  return [
    ...table(
      titles.map((title) => ({ title })),
      [...rows, reference],
      paint,
    ),
    '',
    ...facts(
      [
        ['roll-backs of n tokens', report.runs.map(rollbacksOf).join('\n')],
        ['near-ties', nearTies(report.runs).join('\n') || 'none'],
        ['target', report.target],
        ...(report.draft === undefined ? [] : [['draft', report.draft] as const]),
      ],
      paint,
    ),
    '',
    ...stripLines(plot),
    '',
    ...report.runs.flatMap(({ name, warnings }) =>
      warnings.map((warning) => paint.yellow(`warning: ${name}: ${warning}`)),
    ),
    ...bugs.slice(0, shown).map((bug) => `${paint.red('BUG')} ${bug}`),
    ...(bugs.length > shown ? [paint.dim(`and ${bugs.length - shown} more: see --json`)] : []),
    verdict(report, paint),
    ...(note ? ['', paint.dim(note)] : []),
  ]
}

/** In a sentence or two. */
function verdict({ bugs, tokens, texts, runs, rounding, limit, interrupted }: VerifyReport, paint: Paint): string {
  const head = bugs.length === 0 ? paint.green('No bug.') : paint.red(`${plural(bugs.length, 'bug')}.`)
  const rows = runs.reduce((sum, { drift }) => sum + drift.rows, 0)
  const far = runs.reduce((sum, { beyond }) => sum + beyond.rows, 0)
  return [
    head,
    `${plural(tokens, 'token')} of ${plural(texts, 'text')} compared, in ${runs.length} speculative runs:`,
    `${forksInWords(runs.flatMap(({ forks }) => forks))}; the kernels round by up to ${number(rounding.largest)}.`,
    `Of ${whole(rows)} rows of logits, ${far === 0 ? 'none is' : `${whole(far)} are`} off by more than ${number(limit)}.`,
    ...(interrupted ? ['Interrupted: this is what was compared until then.'] : []),
  ].join(' ')
}

type LabelledFork = VerifyReport['runs'][number]['forks'][number]

function forksInWords(forks: readonly LabelledFork[]): string {
  if (forks.length === 0) return 'no fork'
  const bugs = forks.filter(({ verdict }) => verdict === 'bug').length
  const kind = bugs > 0 ? `${bugs} of them no near-tie` : forks.length === 1 ? 'a near-tie' : 'all near-ties'
  return `${plural(forks.length, 'fork')}, ${kind}: the largest margin is ${number(largest(forks.map(({ margin }) => margin)))} logits`
}

function nearTies(runs: VerifyReport['runs']): string[] {
  const lines = runs.flatMap(({ name, forks }) =>
    forks
      .filter(({ verdict }) => verdict === 'near-tie')
      .map(({ prompt, position, margin }) => `${name}: ${prompt} at token ${position + 1}, margin ${number(margin)}`),
  )
  return lines.length <= shown ? lines : [...lines.slice(0, shown), `and ${lines.length - shown} more: see --json`]
}

function rollbacksOf({ name, rollbacks }: VerifyReport['runs'][number]): string {
  return `${name}   ${rollbacks.map((times, i) => `n=${i + 1}: ${whole(times)}`).join('   ')}`
}

function whole(value: number): string {
  return value.toLocaleString('en-US')
}

/** How far logits were off, with roll-backs and without, and the margins of the forks beside it. */
export function verifyPlot(report: VerifyReport, { ways }: Evidence): StripPlot {
  const forks = ways.flatMap((way) => way.forks.map(({ margin }) => margin))
  return {
    title: `Off from plain decoding, ${plural(report.tokens, 'token')}`,
    axis: 'logits',
    strips: [
      { label: 'without roll-back', values: ways.flatMap(({ rounding }) => rounding) },
      ...ways.map(({ name, drifts }) => ({ label: name, values: drifts.map(({ distance }) => distance) })),
      { label: 'margins of forks', values: forks },
    ],
    marks: [
      { label: 'limit', value: report.limit },
      { label: 'off by one', value: report.offByOne },
    ],
    notes: [report.target, ...(report.draft ? [`draft: ${report.draft}`] : []), ...(report.note ? [report.note] : [])],
  }
}
