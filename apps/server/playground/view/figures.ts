import { h } from './dom.js'

/** A few large numbers, each with its name and a word on what it means. */
export class Figures<Name extends string> {
  readonly element = h('dl', { class: 'figures' })
  private readonly values = new Map<Name, { value: HTMLElement; note: HTMLElement }>()

  constructor(names: Readonly<Record<Name, string>>) {
    for (const [name, label] of Object.entries(names) as [Name, string][]) {
      const value = h('dd', { class: 'value', 'data-figure': name }, '–')
      const note = h('dd', { class: 'note' })
      this.values.set(name, { value, note })
      this.element.append(h('div', {}, h('dt', {}, label), value, note))
    }
  }

  set(name: Name, value: string, note = ''): void {
    const figure = this.values.get(name)!
    figure.value.textContent = value
    figure.note.textContent = note
  }
}

/** Two figures that mean something; a dash for what is not known. */
export function figure(value: number | null | undefined, unit = ''): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–'
  return `${value >= 20 ? Math.round(value) : value.toFixed(value >= 10 ? 1 : 2)}${unit}`
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`
