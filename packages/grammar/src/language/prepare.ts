import { invalid } from '../invalid.js'
import { inlineShort } from './inline.js'
import {
  choice,
  type Expression,
  isNever,
  type Language,
  never,
  repeat,
  rule,
  type Rules,
  sequence,
} from './expression.js'

/**
 * Makes a language fit for the machine: whatever has been begun can be ended, no repeated item is empty, and no rule
 * begins with itself.
 *
 * @param what As shown to people: `JSON schema`.
 * @throws `invalid-argument` when no text is left, or a rule begins with itself.
 */
export function prepare(language: Language, what: string): Language {
  const finite = withoutEndless(language.rules)
  const root = finite.get(language.root)
  if (root === undefined || isNever(root)) {
    throw invalid(`The ${what} allows no text at all: something in it contradicts itself, or can never end.`)
  }
  const rules = withoutEndless(withoutEmptyItems(inlineShort(finite)))
  mustNotBeginWithItself(rules, what)
  return { rules, root: language.root }
}

/** Drops what can never end (`a ::= "x" a`): a matcher would run into it and find no way out. */
function withoutEndless(rules: Rules): Map<string, Expression> {
  const canEnd = holdsIn(rules, true)
  const prune = (expression: Expression): Expression => {
    switch (expression.kind) {
      case 'rule':
        return canEnd(expression) ? expression : never
      case 'sequence':
        return sequence(...expression.items.map(prune))
      case 'choice':
        return choice(...expression.items.map(prune).filter((item) => !isNever(item)))
      case 'repeat':
        return repeat(prune(expression.item), expression.min, expression.max)
      default:
        return expression
    }
  }
  return new Map([...rules].filter(([, body]) => canEnd(body)).map(([name, body]) => [name, prune(body)]))
}

/** The machine counts repetitions, and none of them may take nothing: `("a"?){2,5}` becomes `"a"{0,5}`. */
function withoutEmptyItems(rules: Rules): Map<string, Expression> {
  const nullable = nullableIn(rules)
  const done = new Map<string, Expression>()

  const convert = (expression: Expression): Expression => {
    switch (expression.kind) {
      case 'sequence':
        return sequence(...expression.items.map(convert))
      case 'choice':
        return choice(...expression.items.map(convert))
      case 'repeat': {
        const { item, min, max } = expression
        return nullable(item) ? repeat(nonEmpty(item), 0, max) : repeat(convert(item), min, max)
      }
      default:
        return expression
    }
  }

  /** The same texts but the empty one. */
  const nonEmpty = (expression: Expression): Expression => {
    if (!nullable(expression)) return convert(expression)
    switch (expression.kind) {
      case 'sequence': {
        const [first, ...rest] = expression.items
        if (first === undefined) return never
        const others = sequence(...rest)
        return choice(sequence(nonEmpty(first), convert(others)), nonEmpty(others))
      }
      case 'choice':
        return choice(...expression.items.map(nonEmpty).filter((item) => !isNever(item)))
      case 'repeat': {
        const { item, min, max } = expression
        const again = repeat(nonEmpty(item), nullable(item) ? 0 : Math.max(0, min - 1), max - 1)
        return sequence(nonEmpty(item), again)
      }
      case 'rule': {
        // No grammar's own rule has a name with this mark.
        const name = `${expression.name}'`
        if (!done.has(name)) {
          done.set(name, never)
          done.set(name, nonEmpty(rules.get(expression.name)!))
        }
        return rule(name)
      }
      default:
        return expression
    }
  }

  for (const [name, body] of rules) done.set(name, convert(body))
  return done
}

/** Whether an expression allows the empty text. */
function nullableIn(rules: Rules): (expression: Expression) => boolean {
  return holdsIn(rules, false)
}

/**
 * What holds for a sequence if it does for all of its items, for a choice if it does for one, for what need not come at
 * all, and for texts and characters if `leaf`. Of rules, only those for which it follows from these.
 */
function holdsIn(rules: Rules, leaf: boolean): (expression: Expression) => boolean {
  const names = new Set<string>()
  const holds = (expression: Expression): boolean => {
    switch (expression.kind) {
      case 'rule':
        return names.has(expression.name)
      case 'sequence':
        return expression.items.every(holds)
      case 'choice':
        return expression.items.some(holds)
      case 'repeat':
        return expression.min === 0 || holds(expression.item)
      default:
        return leaf
    }
  }
  // Rules mostly refer to later ones: from the last to the first, one round finds nearly all.
  const backwards = [...rules].reverse()
  let known: number
  do {
    known = names.size
    for (const [name, body] of backwards) if (!names.has(name) && holds(body)) names.add(name)
  } while (names.size > known)
  return holds
}

/** The machine would go round for ever before it has read anything. */
function mustNotBeginWithItself(rules: Rules, what: string): void {
  const nullable = nullableIn(rules)
  const beginnings = (expression: Expression): string[] => {
    switch (expression.kind) {
      case 'rule':
        return [expression.name]
      case 'sequence': {
        const stop = expression.items.findIndex((item) => !nullable(item))
        return expression.items.slice(0, stop < 0 ? undefined : stop + 1).flatMap(beginnings)
      }
      case 'choice':
        return expression.items.flatMap(beginnings)
      case 'repeat':
        return beginnings(expression.item)
      default:
        return []
    }
  }
  const state = new Map<string, 'open' | 'done'>()
  const path: string[] = []
  const visit = (name: string): void => {
    if (state.get(name) === 'done') return
    if (state.get(name) === 'open') {
      const loop = [...path.slice(path.indexOf(name)), name].join(' → ')
      throw invalid(
        `In the ${what}, something begins with itself: ${loop}. Let it begin with something else; in a grammar, write ` +
          'list ::= item ("," item)* instead of list ::= list "," item | item.',
      )
    }
    state.set(name, 'open')
    path.push(name)
    for (const next of beginnings(rules.get(name)!)) visit(next)
    path.pop()
    state.set(name, 'done')
  }
  for (const name of rules.keys()) visit(name)
}
