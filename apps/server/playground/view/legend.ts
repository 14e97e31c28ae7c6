import { ORIGINS, type Origin } from '../protocol.js'
import { h } from './dom.js'

export const NAMES: Readonly<Record<Origin, string>> = {
  accepted: 'Accepted',
  corrected: 'Corrected',
  bonus: 'Bonus',
  plain: 'Plain',
}

const MEANINGS: Readonly<Record<Origin, string>> = {
  accepted: 'guessed by the draft, and the target agreed',
  corrected: 'the guess was wrong: the target’s own token',
  bonus: 'every guess was right: one more, for free',
  plain: 'nothing was guessed: one pass, one token',
}

export function legend(): HTMLElement {
  return h(
    'ul',
    { class: 'legend', 'aria-label': 'What the colours mean' },
    ...ORIGINS.map((origin) =>
      h(
        'li',
        {},
        h('i', { class: 'mark', 'data-origin': origin }),
        h('span', {}, h('b', { class: 'token', 'data-origin': origin }, NAMES[origin]), ` ${MEANINGS[origin]}`),
      ),
    ),
  )
}
