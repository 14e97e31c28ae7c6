import { type Characters, everyCharacter, intersect } from './characters.js'
import { choice, empty, type Expression, never, oneOf, repeat, rule, sequence } from './expression.js'

/** How many characters the texts of an expression have; of a rule it is not known. */
export function lengths(expression: Expression): { min: number; max: number } {
  switch (expression.kind) {
    case 'text': {
      const length = [...expression.text].length
      return { min: length, max: length }
    }
    case 'characters':
      return { min: 1, max: 1 }
    case 'sequence': {
      const all = expression.items.map(lengths)
      return { min: sum(all.map(({ min }) => min)), max: sum(all.map(({ max }) => max)) }
    }
    case 'choice': {
      const all = expression.items.map(lengths)
      return { min: Math.min(...all.map(({ min }) => min)), max: Math.max(...all.map(({ max }) => max)) }
    }
    case 'repeat': {
      const { min, max } = lengths(expression.item)
      return { min: min * expression.min, max: max === 0 ? 0 : max * expression.max }
    }
    case 'rule':
      return { min: 0, max: Number.POSITIVE_INFINITY }
  }
}

/**
 * The texts of an expression that have `min` to `max` characters.
 *
 * @returns `undefined` when that would take too many rules.
 */
export function ofLength(expression: Expression, min: number, max: number, rules: RuleBook): Expression | undefined {
  const has = lengths(expression)
  if (has.min >= min && has.max <= max) return expression
  if (has.max < min || has.min > max) return never
  if (expression.kind === 'choice') {
    const items = expression.items.map((item) => ofLength(item, min, max, rules))
    return items.includes(undefined) ? undefined : choice(...(items as Expression[]))
  }
  // Mostly one part alone can be longer or shorter: its count is what has to change.
  const items = expression.kind === 'sequence' ? expression.items : [expression]
  const elastic = items.filter((item) => lengths(item).min < lengths(item).max)
  const [part] = elastic
  if (part?.kind === 'repeat' && elastic.length === 1) {
    const each = lengths(part.item)
    const fixed = has.min - lengths(part).min
    if (each.min === each.max) {
      const fewest = Math.max(part.min, Math.ceil((min - fixed) / each.min))
      const most = Math.min(part.max, Math.floor((max - fixed) / each.min))
      return sequence(...items.map((item) => (item === part ? repeat(part.item, fewest, most) : item)))
    }
  }
  const counted = Math.max(min, Number.isFinite(max) ? max : 0)
  return counted > mostPairs ? undefined : both(expression, repeat(oneOf(everyCharacter), min, max), rules)
}

/** Rules that expressions are made of; none of them may contain itself but at its end. */
export interface RuleBook {
  /** @returns A name that no rule has. */
  fresh(hint: string): string
  get(name: string): Expression | undefined
  set(name: string, body: Expression): void
}

const mostPairs = 20_000

/**
 * The texts of both of two expressions.
 *
 * @returns `undefined` when that would take too many rules.
 */
export function both(a: Expression, b: Expression, rules: RuleBook): Expression | undefined {
  const [left, right] = [automaton(a, rules), automaton(b, rules)]
  if (!left || !right) return undefined
  const names = new Map<string, string>()
  const pending: { name: string; from: Point; and: Point }[] = []
  const nameOf = (from: Point, and: Point): string => {
    const key = `${from.id} ${and.id}`
    let name = names.get(key)
    if (name === undefined) {
      name = rules.fresh('both')
      names.set(key, name)
      pending.push({ name, from, and })
    }
    return name
  }
  const root = nameOf(left, right)
  for (let pair = pending.pop(); pair; pair = pending.pop()) {
    if (names.size > mostPairs) return undefined
    const { name, from, and } = pair
    const ways: Expression[] = from.end && and.end ? [empty] : []
    for (const [set, to] of from.edges) {
      for (const [other, toOther] of and.edges) {
        const shared = intersect(set, other)
        if (shared.length > 0) ways.push(sequence(oneOf(shared), rule(nameOf(to, toOther))))
      }
    }
    rules.set(name, choice(...ways))
  }
  return rule(root)
}

/** A point of an automaton over characters: all that can be read from it. */
interface Point {
  readonly id: number
  readonly edges: (readonly [Characters, Point])[]
  end: boolean
}

/** A point while its automaton is built: others may be as good as it. */
interface Draft {
  readonly edges: (readonly [Characters, Draft])[]
  readonly also: Draft[]
  end: boolean
}

function automaton(expression: Expression, rules: RuleBook): Point | undefined {
  let size = 0
  const called = new Map<Draft, Map<string, Draft>>()
  const draft = (end = false): Draft => {
    size++
    return { edges: [], also: [], end }
  }
  const before = (expression: Expression, next: Draft): Draft => {
    if (size > mostPairs) return next
    switch (expression.kind) {
      case 'text':
        return [...expression.text].reduceRight((to, character) => {
          const code = character.codePointAt(0)!
          return before(oneOf([[code, code]]), to)
        }, next)
      case 'characters': {
        const node = draft()
        node.edges.push([expression.set, next])
        return node
      }
      case 'sequence':
        return expression.items.reduceRight((to, item) => before(item, to), next)
      case 'choice': {
        const node = draft()
        for (const item of expression.items) node.also.push(before(item, next))
        return node
      }
      case 'repeat': {
        const { item, min, max } = expression
        let node = next
        if (max === Number.POSITIVE_INFINITY) {
          node = draft()
          node.also.push(before(item, node), next)
        }
        for (let i = min; Number.isFinite(max) && i < max && size <= mostPairs; i++) {
          const more = before(item, node)
          node = draft()
          node.also.push(more, next)
        }
        for (let i = 0; i < min && size <= mostPairs; i++) node = before(item, node)
        return node
      }
      case 'rule': {
        const calls = called.get(next) ?? new Map<string, Draft>()
        called.set(next, calls)
        let node = calls.get(expression.name)
        if (!node) {
          calls.set(expression.name, (node = draft()))
          node.also.push(before(rules.get(expression.name)!, next))
        }
        return node
      }
    }
  }
  const root = before(expression, draft(true))
  return size > mostPairs ? undefined : settle(root)
}

/** Each point takes over what the others that are as good have. */
function settle(root: Draft): Point {
  const points = new Map<Draft, Point>()
  const pending: Draft[] = []
  const pointOf = (draft: Draft): Point => {
    let point = points.get(draft)
    if (!point) {
      points.set(draft, (point = { id: points.size, edges: [], end: false }))
      pending.push(draft)
    }
    return point
  }
  const start = pointOf(root)
  for (let draft = pending.pop(); draft; draft = pending.pop()) {
    const point = pointOf(draft)
    const reached = new Set([draft])
    for (const each of reached) {
      for (const other of each.also) reached.add(other)
      if (each.end) point.end = true
      for (const [set, to] of each.edges) point.edges.push([set, pointOf(to)])
    }
  }
  return start
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
