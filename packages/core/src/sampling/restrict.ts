import { isSet, type ConstraintTracker } from '../constrain/tracker.js'
import type { TokenId, Tokenizer } from '../model.js'
import type { History } from './history.js'
import type { ResolvedOptions } from './options.js'

export interface RestrictOptions extends Pick<ResolvedOptions, 'bannedTokens' | 'minTokens'> {
  readonly tokenizer?: Tokenizer | undefined
  readonly tracker?: ConstraintTracker | undefined
}

/** Takes out what may not be said at all. The first thing that happens to logits. */
export interface Restriction {
  /** Whether there is anything to take out at this position. */
  applies(history: History): boolean
  /** Sets the logits of what may not be said to -Infinity. */
  apply(logits: Float32Array, history: History): void
  /** The same but for the response format, which is expensive to apply and cheap to ask. */
  applyBans(logits: Float32Array, history: History): void
}

export function restriction({ bannedTokens, minTokens, tokenizer, tracker }: RestrictOptions): Restriction {
  const ends = minTokens > 0 && tokenizer ? endTokens(tokenizer) : []
  const endsBanned = ({ length, promptLength }: History): boolean => length - promptLength < minTokens

  function ban(logits: Float32Array, tokens: readonly TokenId[]): void {
    for (const token of tokens) logits[token] = -Infinity
  }

  return {
    applies: (history) => tracker !== undefined || bannedTokens.length > 0 || endsBanned(history),
    applyBans(logits, history) {
      ban(logits, bannedTokens)
      if (endsBanned(history)) ban(logits, ends)
    },
    apply(logits, history) {
      ban(logits, bannedTokens)
      const mask = tracker?.mask(history.tokens, history.length)
      if (mask) applyMask(logits, mask)
      if (!endsBanned(history)) return
      const before = ends.map((token) => logits[token]!)
      ban(logits, ends)
      // Where the format allows nothing but the end, it is the end.
      if (mask && logits.every((logit) => logit === -Infinity)) ends.forEach((token, i) => (logits[token] = before[i]!))
    },
  }
}

function applyMask(logits: Float32Array, mask: Int32Array): void {
  for (let word = 0; word * 32 < logits.length; word++) {
    const bits = mask[word] ?? 0
    if (bits === -1) continue
    const start = word * 32
    const end = Math.min(start + 32, logits.length)
    if (bits === 0) logits.fill(-Infinity, start, end)
    else for (let token = start; token < end; token++) if (!isSet(mask, token)) logits[token] = -Infinity
  }
}

const known = new WeakMap<Tokenizer, readonly TokenId[]>()

/** The tokens that end a text. */
function endTokens(tokenizer: Tokenizer): readonly TokenId[] {
  let ends = known.get(tokenizer)
  if (!ends) {
    ends = Array.from({ length: tokenizer.vocabSize }, (_, token) => token).filter((token) => tokenizer.isEnd(token))
    known.set(tokenizer, ends)
  }
  return ends
}
