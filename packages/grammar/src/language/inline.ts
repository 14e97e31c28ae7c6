import { choice, type Expression, repeat, type Rules, sequence } from './expression.js'
import { lengths } from './intersection.js'

/** No longer than this, in characters and in parts. */
const longest = 12
const largest = 64

/**
 * Puts rules for single characters and the like where they are used (`char ::= [^"] | "\\" ["n]`). A mask is shared by
 * all places that use a rule, as far as the rule goes: one that ends within a token has nothing to share, and would keep
 * the one around it from being shared.
 */
export function inlineShort(rules: Rules): Map<string, Expression> {
  const short = new Map<string, Expression>()
  const put = (expression: Expression): Expression => {
    switch (expression.kind) {
      case 'rule':
        return short.get(expression.name) ?? expression
      case 'sequence':
        return sequence(...expression.items.map(put))
      case 'choice':
        return choice(...expression.items.map(put))
      case 'repeat':
        return repeat(put(expression.item), expression.min, expression.max)
      default:
        return expression
    }
  }
  // A rule of short rules may be short itself.
  let known: number
  do {
    known = short.size
    for (const [name, body] of rules) {
      if (short.has(name)) continue
      const inlined = put(body)
      // Rules have no known length, so that what refers to others, or itself, is never short.
      if (lengths(inlined).max <= longest && sizeOf(inlined) <= largest) short.set(name, inlined)
    }
  } while (short.size > known)
  return new Map([...rules].map(([name, body]) => [name, put(body)]))
}

/** How many nodes it makes, about. */
export function sizeOf(expression: Expression): number {
  switch (expression.kind) {
    case 'text':
      return expression.text.length
    case 'sequence':
    case 'choice':
      return expression.items.reduce((sum, item) => sum + sizeOf(item), 0)
    case 'repeat':
      return sizeOf(expression.item) * (Number.isFinite(expression.max) ? expression.max : 1)
    default:
      return 1
  }
}
