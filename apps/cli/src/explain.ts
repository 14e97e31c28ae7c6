import type { DecisionKind, GenerateStats, LengthReport, LengthSpan } from '@foretoken/core'
import { duration, number, plural, times } from './terminal/format.js'

/** More spans than this are not shown one by one. */
const mostSpans = 12

/** How much an automatic length drafted when, and on what grounds, a line each. */
export function explain({ length, drafted }: GenerateStats): string[] {
  if (!length) {
    return [
      drafted > 0 ? 'The draft length was fixed: nothing was decided.' : 'Nothing was drafted, and nothing decided.',
    ]
  }
  const { spans } = length
  const shown = spans.slice(0, mostSpans)
  const left = spans.length - shown.length
  return [
    ...shown.map(spanLine),
    ...(left > 0 ? [`  and ${plural(left, 'change')} more: ${totals(length)}`] : []),
    ...grounds(length),
  ]
}

const said: Record<DecisionKind, string> = {
  draft: 'drafts pay',
  off: 'drafts do not pay, so there were none',
  trial: 'tried whether drafts pay by now',
  check: 'a plain pass, to see whether the gain is real',
}

function spanLine({ kind, from, to, rounds, drafted, accepted, expected }: LengthSpan): string {
  const where = to - from === 1 ? `token ${to}` : `tokens ${from + 1} to ${to}`
  const gain = Number.isNaN(expected) ? 'nothing is known yet' : `a draft was expected to give ${times(expected)}`
  const result =
    kind === 'draft' || kind === 'trial'
      ? `; ${number(drafted / rounds)} drafted in a round, ${accepted} of ${drafted} accepted`
      : ''
  return `  ${where}: ${said[kind]} (${gain})${result}`
}

function totals({ rounds }: LengthReport): string {
  const parts = (Object.keys(rounds) as DecisionKind[]).filter((kind) => rounds[kind] > 0)
  return parts.map((kind) => `${plural(rounds[kind], 'round')} '${kind}'`).join(', ')
}

function grounds({ passes, acceptance, askMs, stepMs }: LengthReport): string[] {
  const one = passes[0]?.ms ?? NaN
  if (Number.isNaN(one)) return []
  const ratios = [2, 3, 5, 9, 16].map((tokens) => `${tokens}: ${number(passes[tokens - 1]!.ms / one)}`)
  return [
    `  a pass over one token takes ${duration(one)}; over n tokens, in such passes: ${ratios.join(', ')}`,
    `  a drafted token takes ${duration(askMs)} (the first) and ${duration(stepMs)} (each further one)`,
    `  expected acceptance by position: ${acceptance.map((share) => share.toFixed(2)).join(' ')}`,
  ]
}
