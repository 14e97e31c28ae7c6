import { invalid } from '../invalid.js'
import { type Characters, characters, complement, everyCharacter } from '../language/characters.js'
import {
  choice,
  empty,
  type Expression,
  type Language,
  oneOf,
  repeat,
  rule,
  sequence,
  text,
} from '../language/expression.js'

/**
 * Reads a grammar in llama.cpp's notation. Line breaks may stand anywhere between the parts of a rule.
 *
 * @throws `invalid-argument` that names the line.
 */
export function gbnfLanguage(grammar: string): Language {
  const rules = new Parser(grammar).grammar()
  if (!rules.has('root')) throw invalid('The grammar has no rule called root, where texts begin. Add root ::= …')
  return { rules, root: 'root' }
}

const letters: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }
const ruleHead = /([A-Za-z0-9_-]+)\s*::=/y

class Parser {
  private readonly source: string
  private readonly references = new Map<string, number>()
  private at = 0

  constructor(source: string) {
    this.source = source
  }

  grammar(): Map<string, Expression> {
    const rules = new Map<string, Expression>()
    for (this.space(); this.at < this.source.length; this.space()) {
      const at = this.at
      const head = this.match(ruleHead)
      if (!head) throw this.wrong('A rule is expected here: name ::= …')
      if (rules.has(head[1]!)) throw this.wrong(`There are two rules called ${head[1]}. Rename one of them`, at)
      rules.set(head[1]!, this.choice())
    }
    for (const [name, at] of this.references) {
      if (!rules.has(name)) throw this.wrong(`There is no rule called ${name}. Add ${name} ::= …`, at)
    }
    return rules
  }

  private choice(): Expression {
    const items = [this.sequence()]
    while (this.take('|')) items.push(this.sequence())
    return choice(...items)
  }

  private sequence(): Expression {
    const items: Expression[] = []
    for (;;) {
      this.space()
      if (this.at >= this.source.length || /[|)]/.test(this.source[this.at]!) || this.seesRule()) break
      items.push(this.quantified())
    }
    return sequence(...items)
  }

  private quantified(): Expression {
    let item = this.atom()
    for (;;) {
      this.space()
      const match = this.match(/[*+?]|\{\s*(\d*)\s*(,?)\s*(\d*)\s*\}/y)
      if (!match) {
        if (this.source[this.at] === '{') throw this.wrong('A repetition is {3}, {3,}, {,5} or {3,5}')
        return item
      }
      item = this.repeated(item, match)
    }
  }

  private repeated(item: Expression, [sign, from, comma, to]: RegExpExecArray): Expression {
    if (sign === '*') return repeat(item, 0)
    if (sign === '+') return repeat(item, 1)
    if (sign === '?') return repeat(item, 0, 1)
    if (!from && !to) throw this.wrong('A repetition is {3}, {3,}, {,5} or {3,5}')
    const min = Number(from || 0)
    const max = to ? Number(to) : comma ? Number.POSITIVE_INFINITY : min
    if (min > max) throw this.wrong(`The repetition ${sign} has its least above its most`)
    return repeat(item, min, max)
  }

  private atom(): Expression {
    const at = this.at
    if (this.take('"')) return this.literal(at)
    if (this.take('[')) return oneOf(this.class(at))
    if (this.take('.')) return oneOf(everyCharacter)
    if (this.take('(')) {
      const inside = this.choice()
      this.space()
      if (!this.take(')')) throw this.wrong('A ) is missing for this (', at)
      return inside
    }
    if (this.source[at] === '<' || this.source[at] === '!') {
      throw this.wrong('Tokens (<…>) are not understood in grammars here. Write the text that they stand for')
    }
    const name = this.match(/[A-Za-z0-9_-]+/y)?.[0]
    if (name === undefined) throw this.wrong(`${JSON.stringify(this.source[at])} means nothing here`)
    if (!this.references.has(name)) this.references.set(name, at)
    return rule(name)
  }

  private literal(start: number): Expression {
    let value = ''
    while (!this.take('"')) value += String.fromCodePoint(this.character('"', start))
    return value === '' ? empty : text(value)
  }

  private class(start: number): Characters {
    const negated = this.take('^')
    const ranges: (readonly [number, number])[] = []
    while (!this.take(']')) {
      const first = this.character(']', start)
      let last = first
      if (this.source[this.at] === '-' && this.source[this.at + 1] !== ']') {
        this.at++
        last = this.character(']', start)
      }
      if (last < first) throw this.wrong('A range in [ ] has its ends the wrong way round')
      ranges.push([first, last])
    }
    return negated ? complement(characters(ranges)) : characters(ranges)
  }

  private character(closing: string, start: number): number {
    const code = this.match(/\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8}))/y)
    if (code) {
      const value = Number.parseInt(code[1] ?? code[2] ?? code[3]!, 16)
      if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) throw this.wrong(`${code[0]} is no character`)
      return value
    }
    const character = this.source.codePointAt(this.at)
    if (character === undefined) throw this.wrong(`A ${closing} is missing`, start)
    if (character !== 0x5c) {
      this.at += character > 0xffff ? 2 : 1
      return character
    }
    const name = this.source[this.at + 1] ?? ''
    if (!(name in letters) && !/[\\"[\]^.-]/.test(name)) {
      throw this.wrong(`\\${name} is not understood. There are \\n \\r \\t \\\\ \\" \\[ \\] \\xAB \\uABCD \\U0010ABCD`)
    }
    this.at += 2
    return (letters[name] ?? name).codePointAt(0)!
  }

  private seesRule(): boolean {
    ruleHead.lastIndex = this.at
    return ruleHead.test(this.source)
  }

  private space(): void {
    this.match(/(?:\s|#[^\n]*)*/y)
  }

  private take(sign: string): boolean {
    if (this.source[this.at] !== sign) return false
    this.at += sign.length
    return true
  }

  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at
    const match = pattern.exec(this.source)
    if (match) this.at = pattern.lastIndex
    return match
  }

  private wrong(message: string, at = this.at): Error {
    const line = this.source.slice(0, at).split('\n').length
    return invalid(`Line ${line} of the grammar: ${message}.`)
  }
}
