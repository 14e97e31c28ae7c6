import type { Characters } from '../language/characters.js'

/** A regular expression as it is written. */
export type Tree =
  | { readonly kind: 'characters'; readonly set: Characters }
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }
  | { readonly kind: 'sequence'; readonly items: readonly Tree[] }
  | { readonly kind: 'choice'; readonly items: readonly Tree[] }
  | { readonly kind: 'repeat'; readonly item: Tree; readonly min: number; readonly max: number }
