import type { Vocabulary } from './vocabulary.js'

/** A token that is not the same in both. */
export interface TokenDifference {
  readonly id: number
  readonly target: string
  readonly draft: string
  /** Whether its text is the same, and only its kind differs: `['control', 'normal']`. */
  readonly kinds?: readonly [target: string, draft: string]
}

/** Whether two vocabularies are one. */
export interface VocabularyMatch {
  /** A draft fits when every token is the same, in text and in kind; only padding at the end may be left over. */
  readonly fits: boolean
  readonly sizes: { readonly target: number; readonly draft: number }
  /** How many of the tokens that both have differ. */
  readonly differing: number
  readonly first?: TokenDifference
  /** Tokens at the end that only one of them has. */
  readonly extra?: {
    readonly of: 'target' | 'draft'
    readonly count: number
    /** Whether they stand for nothing: they only fill the matrix up to a round size. */
    readonly padding: boolean
  }
  /** Why it does not fit, and what to do: sentences. */
  readonly reasons: readonly string[]
  /** What differs and does no harm, because drafts are made of tokens and not of text. */
  readonly notes: readonly string[]
}

/** Compares two vocabularies token by token. */
export function compareVocabularies(target: Vocabulary, draft: Vocabulary): VocabularyMatch {
  const sizes = { target: target.tokens.length, draft: draft.tokens.length }
  const shared = Math.min(sizes.target, sizes.draft)
  let differing = 0
  let first: TokenDifference | undefined
  for (let id = 0; id < shared; id++) {
    const difference = differenceAt(id, target, draft)
    if (!difference) continue
    differing++
    first ??= difference
  }
  const extra = extraOf(target, draft)
  const fits = differing === 0 && (extra === undefined || extra.padding)
  const found = { fits, sizes, differing, ...(first && { first }), ...(extra && { extra }) }
  return { ...found, reasons: fits ? [] : reasonsOf(found), notes: [...paddingNote(found), ...notesOf(target, draft)] }
}

const kindNames = ['undefined', 'normal', 'unknown', 'control', 'user-defined', 'unused', 'byte']
const unused = 5

function differenceAt(id: number, target: Vocabulary, draft: Vocabulary): TokenDifference | undefined {
  const [a, b] = [target.tokens[id]!, draft.tokens[id]!]
  if (a !== b) return { id, target: a, draft: b }
  const [kindA, kindB] = [target.kinds?.[id], draft.kinds?.[id]]
  if (kindA === kindB) return undefined
  return { id, target: a, draft: b, kinds: [nameOf(kindA), nameOf(kindB)] }
}

function nameOf(kind: number | undefined): string {
  return kind === undefined ? 'of no kind' : (kindNames[kind] ?? `of kind ${kind}`)
}

function extraOf(target: Vocabulary, draft: Vocabulary): VocabularyMatch['extra'] {
  const [a, b] = [target.tokens.length, draft.tokens.length]
  if (a === b) return undefined
  const longer = a > b ? target : draft
  const from = Math.min(a, b)
  const padding = longer.tokens.slice(from).every((text, i) => isPadding(from + i, text, longer.kinds?.[from + i]))
  return { of: a > b ? 'target' : 'draft', count: Math.abs(a - b), padding }
}

/** What converters fill a vocabulary up with, to the rows of the model's matrix: the same as for a fingerprint. */
function isPadding(id: number, text: string, kind: number | undefined): boolean {
  return text === `[PAD${id}]` && (kind === undefined || kind === unused)
}

function paddingNote({ sizes, extra }: Pick<VocabularyMatch, 'sizes' | 'extra'>): string[] {
  if (!extra?.padding) return []
  return [
    `tokens: ${whole(sizes.target)} in the target, ${whole(sizes.draft)} in the draft: ${whole(extra.count)} of padding more, at the end`,
  ]
}

function reasonsOf({ sizes, differing, first, extra }: Omit<VocabularyMatch, 'reasons' | 'notes'>): string[] {
  const reasons: string[] = []
  const shared = Math.min(sizes.target, sizes.draft)
  if (first) {
    const { id, target, draft, kinds } = first
    const what = kinds
      ? `${quoted(target)} in both, but ${kinds[0]} in the target and ${kinds[1]} in the draft`
      : `${quoted(target)} in the target and ${quoted(draft)} in the draft`
    const others = differing === 1 ? 'It is the only one' : `${whole(differing)} differ`
    reasons.push(`Token ${whole(id)} is ${what}. ${others} of the ${whole(shared)} that both have.`)
  }
  if (extra) {
    const same = first ? 'The' : `The first ${whole(shared)} tokens are the same, but the`
    reasons.push(
      `${same} ${extra.of} has ${whole(extra.count)} more at the end: ${whole(sizes.target)} tokens against ${whole(sizes.draft)}.`,
    )
  }
  reasons.push('Take a draft of the same family and version, or a strategy without a model (--strategy suffix).')
  return reasons
}

function notesOf(target: Vocabulary, draft: Vocabulary): string[] {
  const notes: string[] = []
  const differ = (what: string, a: unknown, b: unknown): void => {
    if (a !== b) notes.push(`${what}: ${String(a ?? 'none')} in the target, ${String(b ?? 'none')} in the draft`)
  }
  differ('tokenizer', target.model, draft.model)
  differ('splits text as', target.split, draft.split)
  differ('starts with BOS', target.addsBos, draft.addsBos)
  for (const name of new Set([...target.special.keys(), ...draft.special.keys()])) {
    differ(`${name.toUpperCase()} token`, target.special.get(name), draft.special.get(name))
  }
  return notes
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}

function whole(value: number): string {
  return value.toLocaleString('en-US')
}
