import { duration, number, times, timesWithin } from '../../apps/cli/src/terminal/format.js'
import { table } from '../../apps/cli/src/terminal/table.js'
import type { Ratio, Row } from './results.js'
import { namesOf, roles } from './side.js'

export interface Report {
  /** What was measured, on what: a line each. */
  readonly about: readonly string[]
  readonly rows: readonly Row[]
  readonly ratios: readonly Ratio[]
}

/** For people: tokens a second of each side, then ours over the others. */
export function reportLines({ about, rows, ratios }: Report): string[] {
  const short = rows.reduce((sum, row) => sum + row.short, 0)
  return [
    ...about,
    '',
    ...speeds(rows),
    '',
    'Foretoken with drafts over the others, with 95 % intervals:',
    '',
    ...comparison(ratios),
    '',
    'All clients together, from the first request of a round to its last token, the reading of the prompts and all;',
    'geometric means over the rounds. Intervals: bootstrap over the rounds.',
    ...(short > 0 ? [`${short} answers ended of themselves before they were as long as asked for.`] : []),
  ]
}

function speeds(rows: readonly Row[]): string[] {
  return table(
    [
      { title: 'clients', align: 'right' },
      { title: 'server', align: 'left' },
      { title: 'tokens/s' },
      { title: '95 %' },
      { title: 'first token' },
      { title: 'setting', align: 'left' },
    ],
    rows.map(({ clients, role, setting, tokensPerSecond, interval, firstMs }, i) => [
      clients === rows[i - 1]?.clients ? '' : String(clients),
      namesOf[role],
      number(tokensPerSecond),
      `${number(interval.low)}-${number(interval.high)}`,
      duration(firstMs),
      setting,
    ]),
  )
}

function comparison(ratios: readonly Ratio[]): string[] {
  const others = roles.filter((role) => ratios.some(({ over }) => over === role))
  const counts = [...new Set(ratios.map(({ clients }) => clients))]
  const rows = counts.map((clients) => [
    String(clients),
    ...others.map((role) => {
      const found = ratios.find((each) => each.clients === clients && each.over === role)
      return found ? timesWithin(found.ratio, found.interval) : times(NaN)
    }),
  ])
  const titles = ['clients', ...others.map((role) => namesOf[role])]
  return table(
    titles.map((title) => ({ title, align: 'right' as const })),
    rows,
  )
}
