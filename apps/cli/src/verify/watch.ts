import type { LogitsRows, Sequence, TokenId } from '@foretoken/core'
import { distance, type PlainRun } from '../measure/rounding.js'

/** What the sequence of a speculative run was seen to do. */
export interface Seen {
  /** Tokens in each pass that gave logits. */
  readonly widths: number[]
  /** Tokens that each roll-back forgot. */
  readonly rollbacks: number[]
  /** How far each row of logits was from the plain run's at the same place. */
  readonly drifts: Drift[]
}

export interface Drift {
  /** Index of the token that the row decides. */
  readonly position: number
  /** The largest difference of a logit. */
  readonly distance: number
}

/**
 * A sequence that does what `sequence` does, and compares every row of logits that it gives with the plain run's: an
 * error in what the cache holds shows there long before it changes a word.
 *
 * @param plain Rows behind another text than this run's are not compared.
 */
export function watch(sequence: Sequence, plain: PlainRun, seen: Seen): Sequence {
  const text = [...plain.prompt, ...plain.text]
  return {
    get tokens() {
      return sequence.tokens
    },
    get length() {
      return sequence.length
    },
    async forward(tokens, options) {
      const before = sequence.length
      const known = commonLength(text, sequence.tokens) === before
      const rows = await sequence.forward(tokens, options)
      if (rows.count > 0) seen.widths.push(tokens.length)
      if (known) compare(rows, { before, tokens, text, plain }, seen.drifts)
      return rows
    },
    async truncate(length) {
      if (length < sequence.length) seen.rollbacks.push(sequence.length - length)
      await sequence.truncate(length)
    },
    dispose: () => sequence.dispose(),
  }
}

interface Place {
  /** Tokens that the sequence held. */
  readonly before: number
  /** What the pass read. */
  readonly tokens: readonly TokenId[]
  /** Prompt and text of the plain run. */
  readonly text: readonly TokenId[]
  readonly plain: PlainRun
}

function compare(rows: LogitsRows, { before, tokens, text, plain }: Place, drifts: Drift[]): void {
  const same = commonLength(text.slice(before), tokens)
  for (let i = tokens.length - rows.count; i < same; i++) {
    const position = before + i + 1 - plain.prompt.length
    const reference = plain.rows[position]
    if (reference) drifts.push({ position, distance: distance(rows.row(i - tokens.length + rows.count), reference) })
  }
}

function commonLength(a: readonly TokenId[], b: readonly TokenId[]): number {
  let length = 0
  while (length < a.length && length < b.length && a[length] === b[length]) length++
  return length
}
