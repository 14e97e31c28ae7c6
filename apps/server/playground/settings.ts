import type { RunRequest } from './run.js'

const KEY = 'foretoken-key'

export type Mode = 'speculative' | 'both'
export type Settings = Omit<RunRequest, 'model' | 'prompt' | 'speculate'> & { readonly mode: Mode }

/** The form's fields. The key is kept while the tab is open; all else starts anew. */
export class SettingsForm {
  constructor(
    private readonly form: HTMLFormElement,
    onKey: () => void,
  ) {
    const key = this.field('key')
    key.value = sessionStorage.getItem(KEY) ?? ''
    key.addEventListener('change', () => {
      sessionStorage.setItem(KEY, key.value)
      onKey()
    })
  }

  get key(): string | undefined {
    return this.field('key').value.trim() || undefined
  }

  read(): Settings {
    const maxDraft = this.field('maxDraft').value
    return {
      mode: (this.form.elements.namedItem('mode') as RadioNodeList).value as Mode,
      api: this.field('api').value as Settings['api'],
      temperature: this.field('temperature').valueAsNumber,
      maxTokens: this.field('maxTokens').valueAsNumber,
      seed: this.field('seed').valueAsNumber,
      strategy: this.field('strategy').value || undefined,
      maxDraft: maxDraft === '' ? undefined : Number(maxDraft),
      key: this.key,
    }
  }

  /** Those that the server has, its own choice first. */
  offer(strategies: readonly string[]): void {
    const select = this.form.elements.namedItem('strategy') as HTMLSelectElement
    const [own] = select.options
    own!.textContent = strategies[0] === undefined ? 'the server’s own' : `the server’s own (${strategies[0]})`
    select.replaceChildren(own!, ...strategies.map((name) => new Option(name, name)))
  }

  private field(name: string): HTMLInputElement {
    return this.form.elements.namedItem(name) as HTMLInputElement
  }
}
