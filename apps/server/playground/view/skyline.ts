import type { Round } from '../rounds.js'
import { h } from './dom.js'

/** A pass as a column, from below: what was accepted, the target's own token, and the guess that it refused. */
export function passColumn({ index, accepted, own }: Round): HTMLElement {
  const squares = [
    ...Array.from({ length: accepted }, () => 'accepted'),
    ...(own ? [own] : []),
    ...(own === 'corrected' ? ['refused'] : []),
  ]
  return h(
    'span',
    { class: 'pass', 'data-round': index },
    ...squares.map((kind) => h('i', { class: 'mark', 'data-origin': kind })),
  )
}
