import type { Comparison } from '../compare.js'
import { h } from './dom.js'
import { figure, seconds } from './figures.js'

/** How long a run took once its first token was there, how fast it was, and how often the target was asked. */
export interface Finish {
  readonly ms: number
  readonly tokensPerSecond: number
  readonly passes: number
}

type Runner = 'plain' | 'speculative'

/** Two bars on one scale of time, and what came of it. */
export class Race {
  private readonly plain = lane('Plain')
  private readonly speculative = lane('Speculative')
  private readonly factor = h('p', { class: 'factor' })
  private readonly saved = h('p', { class: 'saved' })
  private readonly same = h('p', { class: 'same' })
  private readonly finished: Partial<Record<Runner, Finish>> = {}
  readonly element = h(
    'section',
    { class: 'panel race', 'aria-label': 'Race' },
    h('div', { class: 'tracks' }, this.plain.element, this.speculative.element),
    h('div', { class: 'verdict' }, this.factor, this.saved, this.same),
    h(
      'p',
      { class: 'note' },
      'One after the other, so that each has the machine to itself. The clocks start when the prompt has been read.',
    ),
  )

  /** `done`: how much of the text there is, 0 to 1. */
  progress(runner: Runner, ms: number, done: number): void {
    const before = this.finished.plain?.ms
    this[runner].show(before === undefined ? done : ms / Math.max(ms, before), seconds(ms))
    if (before !== undefined && ms > before) this.plain.show(before / ms, seconds(before))
  }

  finish(runner: Runner, finish: Finish): void {
    this.finished[runner] = finish
    const longest = Math.max(this.finished.plain?.ms ?? 0, this.finished.speculative?.ms ?? 0)
    for (const each of ['plain', 'speculative'] as const) {
      const known = this.finished[each]
      if (known) this[each].show(known.ms / longest, `${seconds(known.ms)} · ${figure(known.tokensPerSecond)} tokens/s`)
    }
  }

  /** @returns what came of it, as text. Without a draft the difference is chance, and is not told as a speed-up. */
  judge(comparison: Comparison, drafted: boolean): string {
    if (comparison.same && comparison.length === 0) {
      return (this.factor.textContent = 'The model ended its text at once')
    }
    const { plain, speculative } = this.finished
    const times = speculative!.tokensPerSecond / plain!.tokensPerSecond
    this.factor.textContent = drafted
      ? `${figure(times)}× the speed of plain decoding, measured`
      : 'Both ran plainly: drafts would not have paid'
    this.saved.textContent = drafted ? `${speculative!.passes} passes of the target instead of ${plain!.passes}.` : ''
    this.same.textContent = comparison.same
      ? `✓ The texts are the same, all ${comparison.length} characters.`
      : `✗ The texts part after ${comparison.at} characters. Where two tokens are nearly as likely, rounding may decide.`
    this.same.dataset.same = String(comparison.same)
    return `${this.factor.textContent}. ${this.saved.textContent} ${this.same.textContent}`
  }
}

function lane(name: string) {
  const bar = h('span', { class: 'bar' })
  const time = h('span', { class: 'time' })
  const element = h(
    'div',
    { class: 'runner', 'data-runner': name.toLowerCase() },
    h('span', { class: 'name' }, name),
    h('span', { class: 'track' }, bar),
    time,
  )
  return {
    element,
    show(share: number, text: string): void {
      bar.style.width = `${100 * Math.min(Math.max(share, 0), 1)}%`
      time.textContent = text
    },
  }
}
