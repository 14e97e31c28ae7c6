import { PLACES, type PositionCount } from '../rounds.js'
import { h, s } from './dom.js'

const STEP = 36
const HEIGHT = 72

/** How often the first, second, third … guess was kept, as bars. */
export class Positions {
  private readonly chart = h('div', { class: 'bars' })
  readonly element = h(
    'section',
    { class: 'panel positions', 'aria-label': 'Acceptance by position' },
    h('h3', {}, 'Acceptance by position'),
    this.chart,
    h(
      'p',
      { class: 'note' },
      'How often the 1st, 2nd, 3rd … guess in a row was right. What follows a wrong one is dropped, and not counted.',
    ),
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
          'aria-label': shares.map((share, i) => `${place(i + 1)} guess ${percent(share)}`).join(', '),
        },
        ...counts.flatMap(({ kept, judged }, i) => {
          const share = shares[i]!
          const x = i * STEP + 4
          const y = 18 + HEIGHT * (1 - share)
          return [
            s('title', {}, `${place(i + 1)} guess: ${kept} of ${judged}`),
            s('rect', { class: 'track', x, y: 18, width: STEP - 8, height: HEIGHT, rx: 3 }),
            s('rect', { class: 'bar', x, y, width: STEP - 8, height: HEIGHT * share, rx: 3 }),
            s('text', { class: 'value', x: x + STEP / 2 - 4, y: y - 5 }, percent(share)),
            s('text', { x: x + STEP / 2 - 4, y: HEIGHT + 34 }, place(i + 1)),
          ]
        }),
      ),
    )
  }
}

const percent = (share: number): string => `${Math.round(share * 100)}%`

function place(n: number): string {
  return `${n}${['th', 'st', 'nd', 'rd'][n] ?? 'th'}${n === PLACES ? ' +' : ''}`
}
