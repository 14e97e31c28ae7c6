import { ORIGINS } from '../protocol.js'
import { describeRound, type Round, type Rounds } from '../rounds.js'
import { withSigns } from '../signs.js'
import { h } from './dom.js'
import { NAMES } from './legend.js'
import { passColumn } from './skyline.js'

const ABOUT = {
  Plain: { who: 'the target alone', passes: 'One column a pass, in order: one token each.' },
  Speculative: {
    who: 'the draft guesses, the target checks',
    passes: 'One column a pass, in order, as tall as the tokens it said. A cross on top: the guess that was refused.',
  },
} as const

const HINT = 'Point at a token, or step through with the arrow keys, to see its pass.'

/** A text as it arrives, token by token, and its passes beside it. Pointing at one shows the other. */
export class Lane {
  readonly element: HTMLElement
  private readonly text: HTMLElement
  private readonly columns: HTMLElement
  private readonly count: HTMLElement
  private readonly inspector: HTMLElement
  private readonly parts: { readonly text: HTMLElement; readonly column: HTMLElement }[] = []
  private rounds: Rounds | undefined
  private current: HTMLElement | undefined

  /** `announce` tells people who cannot see the page what the arrow keys have come to. */
  constructor(
    title: keyof typeof ABOUT,
    prompt: string,
    private readonly announce: (text: string) => void,
  ) {
    const { who, passes } = ABOUT[title]
    const tail = prompt.split('\n').slice(-3).join('\n')
    this.text = h(
      'div',
      {
        class: 'text',
        tabindex: 0,
        role: 'group',
        'aria-label': `${title}: the text, token by token`,
        onkeydown: (event: KeyboardEvent) => this.step(event),
        onpointerover: (event: PointerEvent) => this.point(event),
        onclick: (event: PointerEvent) => this.point(event),
      },
      h('span', { class: 'prompt' }, tail === prompt ? prompt : `…\n${tail}`),
    )
    this.columns = h('div', {
      class: 'skyline',
      role: 'img',
      onpointerover: (event: PointerEvent) => this.point(event),
    })
    this.count = h('span', { class: 'count' })
    this.inspector = h('p', { class: 'inspector' }, HINT)
    this.element = h(
      'section',
      { class: 'lane', 'aria-label': title },
      h(
        'div',
        { class: 'panel' },
        h('div', { class: 'head' }, h('h2', {}, title), h('span', { class: 'count' }, who)),
        this.text,
        this.inspector,
      ),
      h(
        'div',
        { class: 'panel passes' },
        h('div', { class: 'head' }, h('h3', {}, 'Passes of the target'), this.count),
        this.columns,
        h('p', { class: 'note' }, passes),
      ),
    )
  }

  /** Shows the rounds from `changed` on. */
  update(rounds: Rounds, changed: Round): void {
    this.rounds = rounds
    const follow = this.text.scrollTop + this.text.clientHeight >= this.text.scrollHeight - 8
    for (const round of rounds.list.slice(changed.index)) {
      const part = { text: roundText(round), column: passColumn(round) }
      const old = this.parts[round.index]
      if (old) {
        old.text.replaceWith(part.text)
        old.column.replaceWith(part.column)
      } else {
        this.text.append(part.text)
        this.columns.append(part.column)
      }
      this.parts[round.index] = part
    }
    if (follow) this.text.scrollTop = this.text.scrollHeight
    const { tokens, list } = rounds
    const count = `${list.length} for ${tokens} tokens`
    this.count.textContent = count
    this.columns.setAttribute('aria-label', `Passes of the target: ${count}.`)
  }

  private point(event: Event): void {
    const target = event.target as Element
    const token = target.closest<HTMLElement>('.token')
    const index = target.closest<HTMLElement>('[data-round]')?.dataset.round
    if (index !== undefined) this.select(Number(index), token ?? undefined)
  }

  /** Left and right go by tokens, up and down by passes. */
  private step(event: KeyboardEvent): void {
    const tokens = [...this.text.querySelectorAll<HTMLElement>('.token')].filter((token) => token.textContent !== '')
    if (tokens.length === 0) return
    const at = this.current ? tokens.indexOf(this.current) : -1
    const roundOf = (token: HTMLElement | undefined): number =>
      Number(token?.closest<HTMLElement>('.round')!.dataset.round)
    let next: HTMLElement | undefined
    if (event.key === 'ArrowRight') next = tokens[Math.min(at + 1, tokens.length - 1)]
    else if (event.key === 'ArrowLeft') next = tokens[Math.max(at - 1, 0)]
    else if (event.key === 'Home') next = tokens[0]
    else if (event.key === 'End') next = tokens.at(-1)
    else if (event.key === 'ArrowDown') next = tokens.find((token) => at < 0 || roundOf(token) > roundOf(tokens[at]))
    else if (event.key === 'ArrowUp') next = tokens.findLast((token) => at >= 0 && roundOf(token) < roundOf(tokens[at]))
    else return
    event.preventDefault()
    if (!next) return
    next.scrollIntoView({ block: 'nearest' })
    this.announce(this.select(roundOf(next), next))
  }

  private select(index: number, token: HTMLElement | undefined): string {
    for (const element of this.element.querySelectorAll('.selected, .current'))
      element.classList.remove('selected', 'current')
    this.parts[index]?.text.classList.add('selected')
    this.parts[index]?.column.classList.add('selected')
    this.current = token
    token?.classList.add('current')
    const round = this.rounds!.list[index]!
    const origin = ORIGINS.find((origin) => origin === token?.dataset.origin)
    const line = `${origin ? `“${withSigns(token!.textContent)}”, ${NAMES[origin].toLowerCase()}. ` : ''}${describeRound(round)}`
    this.inspector.textContent = line
    return line
  }
}

function roundText(round: Round): HTMLElement {
  return h(
    'span',
    { class: 'round', 'data-round': round.index },
    ...round.tokens.flatMap(({ text, origin, refused }) => [
      // Drawn, and not part of the text: nobody copies it, or is read it.
      refused?.[0] !== undefined &&
        h('i', { class: 'refused', 'data-guess': withSigns(refused[0]), 'aria-hidden': 'true' }),
      h('span', { class: 'token', 'data-origin': origin }, ...visible(text)),
    ]),
  )
}

/** A line break is a token like any other: it is given a sign, which is drawn and not part of the text. */
function visible(text: string): Node[] {
  return text
    .split('\n')
    .flatMap((line, i) =>
      i === 0 ? [document.createTextNode(line)] : [h('i', { class: 'break' }), document.createTextNode(`\n${line}`)],
    )
}
