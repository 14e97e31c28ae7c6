import type { Characters } from './characters.js'

/**
 * A set of texts. Schemas, grammars, regular expressions and choices are all written in these few forms, and the machine
 * runs them.
 */
export type Expression =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'characters'; readonly set: Characters }
  | { readonly kind: 'sequence'; readonly items: readonly Expression[] }
  | { readonly kind: 'choice'; readonly items: readonly Expression[] }
  | { readonly kind: 'repeat'; readonly item: Expression; readonly min: number; readonly max: number }
  | { readonly kind: 'rule'; readonly name: string }

export type Repeat = Extract<Expression, { kind: 'repeat' }>

export type Rules = ReadonlyMap<string, Expression>

/** Named expressions that may refer to each other and themselves, and the one that the whole text is. */
export interface Language {
  readonly rules: Rules
  readonly root: string
}

/** Only the empty text. */
export const empty: Expression = { kind: 'sequence', items: [] }
/** No text at all. */
export const never: Expression = { kind: 'choice', items: [] }

export const text = (value: string): Expression => (value === '' ? empty : { kind: 'text', text: value })

export const oneOf = (set: Characters): Expression => (set.length === 0 ? never : { kind: 'characters', set })

export const rule = (name: string): Expression => ({ kind: 'rule', name })

export function sequence(...items: readonly Expression[]): Expression {
  const flat = items.flatMap((item) => (item.kind === 'sequence' ? item.items : [item]))
  if (flat.some(isNever)) return never
  return flat.length === 1 ? flat[0]! : { kind: 'sequence', items: flat }
}

export function choice(...items: readonly Expression[]): Expression {
  const flat = items.flatMap((item) => (item.kind === 'choice' ? item.items : [item]))
  return flat.length === 1 ? flat[0]! : { kind: 'choice', items: flat }
}

export function repeat(item: Expression, min: number, max = Number.POSITIVE_INFINITY): Expression {
  if (max < min || (min > 0 && isNever(item))) return never
  if (max === 0 || isNever(item) || isEmpty(item)) return empty
  return min === 1 && max === 1 ? item : { kind: 'repeat', item, min, max }
}

export const optional = (item: Expression): Expression => repeat(item, 0, 1)

export function isNever(expression: Expression): boolean {
  return expression.kind === 'choice' && expression.items.length === 0
}

export function isEmpty(expression: Expression): boolean {
  return expression.kind === 'sequence' && expression.items.length === 0
}

/** The expression with its texts and characters written otherwise; rules stay as they are. */
export function rewrite(
  expression: Expression,
  leaf: (leaf: Extract<Expression, { kind: 'text' | 'characters' }>) => Expression,
): Expression {
  switch (expression.kind) {
    case 'text':
    case 'characters':
      return leaf(expression)
    case 'sequence':
      return sequence(...expression.items.map((item) => rewrite(item, leaf)))
    case 'choice':
      return choice(...expression.items.map((item) => rewrite(item, leaf)))
    case 'repeat':
      return repeat(rewrite(expression.item, leaf), expression.min, expression.max)
    case 'rule':
      return expression
  }
}
