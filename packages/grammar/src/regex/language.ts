import { invalid } from '../invalid.js'
import { everyCharacter } from '../language/characters.js'
import { choice, empty, type Expression, never, oneOf, repeat, sequence } from '../language/expression.js'
import { parseRegex } from './parse.js'
import type { Tree } from './tree.js'

/** The texts that a pattern matches from their first character to their last. */
export function wholeMatch(pattern: string): Expression {
  return new Anchors(pattern, empty, empty).language(parseRegex(pattern))
}

/** The texts in which a pattern matches somewhere, as JSON schemas have it. `^` and `$` hold it to the ends. */
export function anywhere(pattern: string): Expression {
  const anything = repeat(oneOf(everyCharacter), 0)
  return new Anchors(pattern, anything, anything).language(parseRegex(pattern))
}

/**
 * Where a part of a pattern begins or ends: at the end of the text if a text could not go on there (`edge`), somewhere in
 * it with anything beyond (`open`), or next to another part (`inside`), where an anchor could never match.
 */
type Side = 'open' | 'edge' | 'inside'

/** Resolves `^` and `$`. */
class Anchors {
  private readonly pattern: string
  private readonly before: Expression
  private readonly after: Expression

  constructor(pattern: string, before: Expression, after: Expression) {
    this.pattern = pattern
    this.before = before
    this.after = after
  }

  language(tree: Tree, start: Side = 'open', end: Side = 'open'): Expression {
    if (!hasAnchor(tree)) return this.beyond(start, plain(tree), end)
    if (tree.kind === 'choice') return choice(...tree.items.map((item) => this.language(item, start, end)))
    if (tree.kind === 'repeat') throw this.refuse()
    const items = tree.kind === 'sequence' ? [...tree.items] : [tree]
    while (items[0]?.kind === 'start' && start !== 'inside') {
      items.shift()
      start = 'edge'
    }
    while (items.at(-1)?.kind === 'end' && end !== 'inside') {
      items.pop()
      end = 'edge'
    }
    if (items.some(({ kind }) => kind === 'start' || kind === 'end')) throw this.refuse()
    if (items.length === 0) return this.beyond(start, empty, end)
    const last = items.length - 1
    return sequence(
      ...items.map((item, i) => this.language(item, i === 0 ? start : 'inside', i === last ? end : 'inside')),
    )
  }

  private beyond(start: Side, expression: Expression, end: Side): Expression {
    return sequence(start === 'open' ? this.before : empty, expression, end === 'open' ? this.after : empty)
  }

  private refuse(): Error {
    return invalid(
      `In /${this.pattern}/, ^ and $ are understood only where the pattern, or one of its alternatives, begins and ends. ` +
        'Remove the others.',
    )
  }
}

function hasAnchor(tree: Tree): boolean {
  switch (tree.kind) {
    case 'start':
    case 'end':
      return true
    case 'sequence':
    case 'choice':
      return tree.items.some(hasAnchor)
    case 'repeat':
      return hasAnchor(tree.item)
    default:
      return false
  }
}

function plain(tree: Tree): Expression {
  switch (tree.kind) {
    case 'characters':
      return oneOf(tree.set)
    case 'sequence':
      return sequence(...tree.items.map(plain))
    case 'choice':
      return choice(...tree.items.map(plain))
    case 'repeat':
      return repeat(plain(tree.item), tree.min, tree.max)
    default:
      return never
  }
}
