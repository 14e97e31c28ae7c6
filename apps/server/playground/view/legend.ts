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
  corrected: 'the target’s own, in place of the refused guess:',
  bonus: 'the target’s own, after guesses that were all right',
  plain: 'nothing was guessed: one pass, one token',
}

/** The origins of tokens, and before the corrections what is no part of the text. */
export function legend(): HTMLElement {
  const items = ORIGINS.map((origin) =>
    item(origin, h('b', { class: 'token', 'data-origin': origin }, NAMES[origin]), ` ${MEANINGS[origin]}`),
  )
  items[ORIGINS.indexOf('corrected')]!.lastElementChild!.append(' ', example())
  const refused = item('refused', h('b', {}, struck('Refused')), ' a wrong guess: dropped, with all that follow it')
  items.splice(ORIGINS.indexOf('corrected'), 0, refused)
  return h('ul', { class: 'legend', 'aria-label': 'What the colours mean' }, ...items)
}

function item(mark: string, ...words: (Node | string)[]): HTMLElement {
  return h('li', {}, h('i', { class: 'mark', 'data-origin': mark }), h('span', {}, ...words))
}

function example(): HTMLElement {
  return h(
    'span',
    { class: 'example' },
    struck('one'),
    h('span', { class: 'token', 'data-origin': 'corrected' }, 'two'),
  )
}

const struck = (text: string): HTMLElement => h('s', { class: 'refused' }, text)
