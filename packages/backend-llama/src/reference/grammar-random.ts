import type { Numbers } from './rows.js'

const literals = [
  'a',
  'b',
  'ab',
  'the',
  ' ',
  ', ',
  '{\\"',
  'return',
  'é',
  'ß€',
  '…',
  '漢',
  '😀',
  '\\n',
  '\\\\',
  '\\x41',
]
const ranges = [
  'a',
  'b-d',
  'x',
  'A-Z',
  '0-9',
  ' ',
  'é',
  'à-ü',
  '€',
  '‐-‧',
  '\\u4e00-\\u9fff',
  '\\U0001F600-😿',
  '\\n',
  '\\]',
]
const names = ['root', 'a', 'b-1', 'C', 'item', 'x2', 'z-z']

interface Part {
  readonly text: string
  /** Whether it may be empty. */
  readonly empty: boolean
}

/**
 * A grammar, the same for the same numbers, that either engine takes: no rule begins with itself, whatever has been begun
 * can be ended, and nothing that may be empty is repeated.
 */
export function randomGrammar(numbers: Numbers): string {
  const count = 1 + numbers.below(names.length)
  const rules: string[] = []
  /** Of the rules that come later. */
  const empty: boolean[] = []
  for (let rule = count - 1; rule >= 0; rule--) {
    const body = new Rule(numbers, count, rule, empty).choice(rule + 1, 1)
    empty[rule] = body.empty
    rules.unshift(`${names[rule]} ::= ${body.text}\n`)
  }
  return rules.join(numbers.uniform() < 0.2 ? '# next\n\n' : '')
}

class Rule {
  private readonly numbers: Numbers
  private readonly count: number
  private readonly own: number
  private readonly empty: readonly boolean[]

  constructor(numbers: Numbers, count: number, own: number, empty: readonly boolean[]) {
    this.numbers = numbers
    this.count = count
    this.own = own
    this.empty = empty
  }

  /**
   * By its last alternative, which names later rules only, every text can be ended.
   *
   * @param first The first rule that it may begin with.
   */
  choice(first: number, depth: number): Part {
    const some = Array.from({ length: this.numbers.below(3) }, () => this.sequence(first, 0, depth))
    if (this.sometimes(0.12)) some.push({ text: '', empty: true })
    some.push(this.sequence(this.own + 1, this.own + 1, depth))
    return {
      text: some.map(({ text }) => text).join(this.sometimes(0.2) ? ' |\n  ' : ' | '),
      empty: some.some(({ empty }) => empty),
    }
  }

  /**
   * @param rest The first rule that may be named once words have come. With less than words before a rule that contains
   * itself, texts can be read in so many ways that llama.cpp takes minutes, and we give up.
   */
  private sequence(first: number, rest: number, depth: number): Part {
    const items: string[] = []
    let empty = true
    let words = false
    for (let length = 1 + this.numbers.below(3); length > 0; length--) {
      const next = this.quantified(words ? rest : Math.max(first, rest), depth)
      items.push(next.text)
      empty &&= next.empty
      words ||= !next.empty && next.text.startsWith('"')
    }
    return { text: items.join(this.numbers.pick([' ', ' ', '  ', '\t'])), empty }
  }

  private quantified(first: number, depth: number): Part {
    const { text, empty } = this.item(first, depth)
    const least = this.numbers.below(3)
    const way = this.numbers.uniform()
    if (way < 0.65) return { text, empty }
    if (way < 0.75 || empty) return { text: `${text}?`, empty: true }
    if (way < 0.82) return { text: `${text}{${least},${least + this.numbers.below(3)}}`, empty: least === 0 }
    if (way < 0.85) return { text: `${text}{${least}}`, empty: least === 0 }
    if (way < 0.9) return { text: `${text}{${least},}`, empty: least === 0 }
    return way < 0.95 ? { text: `${text}*`, empty: true } : { text: `${text}+`, empty: false }
  }

  private item(first: number, depth: number): Part {
    const way = this.numbers.uniform()
    if (way < 0.25 && first < this.count) {
      const rule = first + this.numbers.below(this.count - first)
      return { text: names[rule]!, empty: this.empty[rule] ?? true }
    }
    if (way < 0.5 && depth > 0) {
      const { text, empty } = this.choice(first, depth - 1)
      return { text: `(${text}${this.sometimes(0.1) ? ' # ends\n' : ''})`, empty }
    }
    return { text: this.atom(), empty: false }
  }

  private atom(): string {
    const some = (values: readonly string[], most: number): string =>
      Array.from({ length: 1 + this.numbers.below(most) }, () => this.numbers.pick(values)).join('')
    if (this.sometimes(0.55)) return `"${some(literals, 2)}"`
    if (this.sometimes(0.05)) return '.'
    return `[${this.sometimes(0.12) ? '^' : ''}${some(ranges, 3)}${this.sometimes(0.15) ? '-' : ''}]`
  }

  private sometimes(chance: number): boolean {
    return this.numbers.uniform() < chance
  }
}
