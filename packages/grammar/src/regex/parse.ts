import { invalid } from '../invalid.js'
import { type Characters, characters, complement } from '../language/characters.js'
import { classes, dot, property } from './classes.js'
import type { Tree } from './tree.js'

/**
 * Reads a regular expression in JavaScript's syntax (the `u` flag is on).
 *
 * @throws `invalid-argument` for what JavaScript does not take, and for what no mask can check: look-around,
 * back-references and word boundaries.
 */
export function parseRegex(pattern: string): Tree {
  return new Parser(checked(pattern)).choice()
}

function checked(pattern: string): string {
  try {
    void new RegExp(pattern, 'u')
    return pattern
  } catch (error) {
    throw invalid(`${(error as Error).message}. The pattern has to be one that new RegExp(pattern, 'u') takes.`)
  }
}

/** What follows `(?`, and what it is called. */
const refusedGroups: readonly (readonly [string, string])[] = [
  ['=', 'look-ahead'],
  ['!', 'look-ahead'],
  ['<=', 'look-behind'],
  ['<!', 'look-behind'],
]

/** The syntax was checked before: here everything is well-formed. */
class Parser {
  private readonly pattern: string
  private at = 0

  constructor(pattern: string) {
    this.pattern = pattern
  }

  choice(): Tree {
    const items = [this.sequence()]
    while (this.take('|')) items.push(this.sequence())
    return items.length === 1 ? items[0]! : { kind: 'choice', items }
  }

  private sequence(): Tree {
    const items: Tree[] = []
    while (this.at < this.pattern.length && !this.sees('|') && !this.sees(')')) items.push(this.quantified())
    return items.length === 1 ? items[0]! : { kind: 'sequence', items }
  }

  private quantified(): Tree {
    const item = this.atom()
    const bounds = this.bounds()
    if (!bounds) return item
    // Lazy or not, it is the same texts.
    this.take('?')
    return { kind: 'repeat', item, min: bounds[0], max: bounds[1] }
  }

  private bounds(): [number, number] | undefined {
    if (this.take('*')) return [0, Number.POSITIVE_INFINITY]
    if (this.take('+')) return [1, Number.POSITIVE_INFINITY]
    if (this.take('?')) return [0, 1]
    const match = this.match(/\{(\d+)(,?)(\d*)\}/y)
    if (!match) return undefined
    const min = Number(match[1])
    return [min, match[3] ? Number(match[3]) : match[2] ? Number.POSITIVE_INFINITY : min]
  }

  private atom(): Tree {
    if (this.take('^')) return { kind: 'start' }
    if (this.take('$')) return { kind: 'end' }
    if (this.take('.')) return { kind: 'characters', set: dot }
    if (this.take('(')) return this.group()
    if (this.take('[')) return { kind: 'characters', set: this.class() }
    if (this.sees('\\')) return { kind: 'characters', set: this.escape() }
    const character = this.pattern.codePointAt(this.at)!
    this.at += character > 0xffff ? 2 : 1
    return { kind: 'characters', set: characters([[character, character]]) }
  }

  private group(): Tree {
    if (this.take('?')) {
      for (const [sign, name] of refusedGroups) if (this.sees(sign)) throw this.refuse(`A ${name} (?${sign}…)`)
      if (!this.match(/<[^>]*>|:/y)) throw this.refuse('A group with flags (?i:…)')
    }
    const inside = this.choice()
    this.take(')')
    return inside
  }

  private class(): Characters {
    const negated = this.take('^')
    const ranges: (readonly [number, number])[] = []
    while (!this.take(']')) {
      const first = this.classItem()
      if (first.length === 1 && first[0]![0] === first[0]![1] && this.sees('-') && this.pattern[this.at + 1] !== ']') {
        this.at++
        ranges.push([first[0]![0], this.classItem()[0]![1]])
      } else {
        ranges.push(...first)
      }
    }
    return negated ? complement(characters(ranges)) : characters(ranges)
  }

  private classItem(): Characters {
    if (this.sees('\\')) {
      // Within brackets this is a backspace.
      if (this.match(/\\b/y)) return [[8, 8]]
      return this.escape()
    }
    const character = this.pattern.codePointAt(this.at)!
    this.at += character > 0xffff ? 2 : 1
    return [[character, character]]
  }

  private escape(): Characters {
    const start = this.at
    if (this.match(/\\[pP]\{[^}]*\}/y)) return property(this.pattern.slice(start, this.at))
    const pair = this.match(/\\u(d[89ab][\da-f]{2})\\u(d[c-f][\da-f]{2})/iy)
    if (pair) return this.single(String.fromCharCode(hex(pair[1]!), hex(pair[2]!)).codePointAt(0)!)
    const code = this.match(/\\(?:x([\da-f]{2})|u([\da-f]{4})|u\{([\da-f]+)\})/iy)
    if (code) return this.single(hex(code[1] ?? code[2] ?? code[3]!))
    const control = this.match(/\\c([a-z])/iy)
    if (control) return this.single(control[1]!.charCodeAt(0) & 31)
    const name = this.pattern[this.at + 1]!
    if (/[1-9]/.test(name)) throw this.refuse(`A back-reference (\\${name})`)
    if (name === 'k') throw this.refuse('A back-reference (\\k<…>)')
    if (name === 'b' || name === 'B') throw this.refuse(`A word boundary (\\${name})`)
    this.at += 2
    const special = classes.get(name)
    if (special) return special
    const plain = { n: 10, r: 13, t: 9, v: 11, f: 12, 0: 0 }[name]
    return this.single(plain ?? name.codePointAt(0)!)
  }

  private single(character: number): Characters {
    if (character >= 0xd800 && character <= 0xdfff) throw this.refuse('Half of a surrogate pair')
    return [[character, character]]
  }

  private refuse(what: string): Error {
    return invalid(
      `${what} in /${this.pattern}/ cannot be checked token by token. Write the pattern without it; ` +
        'alternatives, classes, groups and repetitions are understood.',
    )
  }

  private sees(text: string): boolean {
    return this.pattern.startsWith(text, this.at)
  }

  private take(text: string): boolean {
    if (!this.sees(text)) return false
    this.at += text.length
    return true
  }

  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at
    const match = pattern.exec(this.pattern)
    if (match) this.at = pattern.lastIndex
    return match
  }
}

function hex(digits: string): number {
  return Number.parseInt(digits, 16)
}
