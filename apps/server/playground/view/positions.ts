import type { PositionCount } from '../rounds.js'
import { h, s } from './dom.js'

const STEP = 40
const HEIGHT = 72

/** How often the first, second, third … guess was kept, as bars. */
export class Positions {
  private readonly chart = h('div', { class: 'bars' })
  readonly element = h(
    'section',
    { class: 'panel positions', 'aria-label': 'Acceptance by position' },
    h('h3', {}, 'Acceptance by position'),
    this.chart,
    h('p', { class: 'note' }, 'How often the 1st, 2nd, 3rd … guess of a draft was right, of those that were judged.'),
  )

  update(counts: readonly PositionCount[]): void {
    if (counts.length === 0) {
      this.chart.replaceChildren(h('p', { class: 'nothing' }, 'Nothing was drafted yet.'))
      return
    }
    const shares = counts.map(({ kept, judged }) => kept / judged)
    const width = Math.max(counts.length, 6) * STEP
    this.chart.replaceChildren(
      s(
        'svg',
        {
          viewBox: `0 0 ${width} ${HEIGHT + 38}`,
          role: 'img',
          'aria-label': shares.map((share, i) => `${ordinal(i + 1)} guess ${percent(share)}`).join(', '),
        },
        ...counts.flatMap(({ kept, judged }, i) => {
          const share = shares[i]!
          const x = i * STEP + 4
          const y = 18 + HEIGHT * (1 - share)
          return [
            s('title', {}, `${ordinal(i + 1)} guess: ${kept} of ${judged}`),
            s('rect', { class: 'track', x, y: 18, width: STEP - 8, height: HEIGHT, rx: 3 }),
            s('rect', { class: 'bar', x, y, width: STEP - 8, height: HEIGHT * share, rx: 3 }),
            s('text', { class: 'value', x: x + STEP / 2 - 4, y: y - 5 }, percent(share)),
            s('text', { x: x + STEP / 2 - 4, y: HEIGHT + 34 }, ordinal(i + 1)),
          ]
        }),
      ),
    )
  }
}

const percent = (share: number): string => `${Math.round(share * 100)}%`

function ordinal(n: number): string {
  const teens = n % 100 > 10 && n % 100 < 14
  return `${n}${teens ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')}`
}
