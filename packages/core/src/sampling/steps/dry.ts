import type { TokenId, Tokenizer } from '../../model.js'
import type { Candidates } from '../candidates.js'
import type { History } from '../history.js'
import type { ResolvedOptions } from '../options.js'

type DryOptions = Pick<
  ResolvedOptions,
  'dryMultiplier' | 'dryBase' | 'dryAllowedLength' | 'dryWindow' | 'drySequenceBreakers'
>

/** The largest penalty: beyond it a 32-bit logit would no longer be finite. */
const most = 1e38

/**
 * DRY, "don't repeat yourself" (p-e-w, text-generation-webui #5677): where the last n tokens have occurred before, the
 * token that followed them there is penalised, the more the longer n is. No repetition reaches over a breaker.
 *
 * @param tokenizer For the text of tokens, in which breakers are looked for; without it there are none.
 */
export function dry(options: DryOptions, tokenizer?: Tokenizer): (candidates: Candidates, history: History) => void {
  const { dryMultiplier, dryBase, dryAllowedLength, dryWindow, drySequenceBreakers } = options
  const breakers = tokenizer ? breakerSearch(drySequenceBreakers, tokenizer) : undefined
  return (candidates, { tokens, length }) => {
    const count = Math.min(length, dryWindow)
    if (count <= dryAllowedLength) return
    const longest = breakers?.since(tokens, length, count) ?? count
    if (longest < dryAllowedLength) return

    const repeats = suffixRepeats(tokens, length, count)
    const worst = new Map<TokenId, number>()
    for (let back = 1; back < count; back++) {
      const repeat = Math.min(repeats[back]!, longest)
      if (repeat < dryAllowedLength) continue
      const follower = tokens[length - back]!
      if (repeat > (worst.get(follower) ?? 0)) worst.set(follower, repeat)
    }
    if (worst.size === 0) return
    const logits = candidates.change()
    for (const [token, repeat] of worst) {
      // A breaker ends the repetition that it would prolong.
      if (breakers?.within(token)) continue
      logits[token]! -= Math.min(most, dryMultiplier * dryBase ** (repeat - dryAllowedLength))
    }
  }
}

/**
 * At `back`: how many of the last tokens also stand `back` places before the end, counted backwards from there. The Z
 * function of the reversed tokens, in linear time (Gusfield, Algorithms on Strings, section 1.4).
 */
function suffixRepeats(tokens: readonly TokenId[], length: number, count: number): Uint32Array {
  const at = (back: number): TokenId => tokens[length - 1 - back]!
  const repeats = new Uint32Array(count)
  // [left, right): the stretch that reaches furthest and equals a stretch at the end.
  let left = 0
  let right = 0
  for (let back = 1; back < count; back++) {
    let same = back < right ? Math.min(repeats[back - left]!, right - back) : 0
    while (back + same < count && at(same) === at(back + same)) same++
    repeats[back] = same
    if (back + same > right) {
      left = back
      right = back + same
    }
  }
  return repeats
}

function breakerSearch(breakers: readonly string[], tokenizer: Tokenizer) {
  const texts = new Map<TokenId, string>()
  const textOf = (token: TokenId): string => {
    let text = texts.get(token)
    if (text === undefined) texts.set(token, (text = tokenizer.decode([token], { special: true })))
    return text
  }
  const longest = Math.max(0, ...breakers.map((breaker) => breaker.length))

  /** Whether the token has a whole breaker in it. */
  const within = (token: TokenId): boolean => breakers.some((breaker) => textOf(token).includes(breaker))

  /** How many tokens follow the last breaker; `count` if there is none among the last `count` tokens. */
  const since = (tokens: readonly TokenId[], length: number, count: number): number => {
    // What follows the token that is looked at, as far as a breaker can reach.
    let after = ''
    for (let back = 0; back < count; back++) {
      const text = textOf(tokens[length - 1 - back]!)
      const here = text + after
      let end = -1
      for (const breaker of breakers) {
        const start = text.length > 0 ? here.lastIndexOf(breaker, text.length - 1) : -1
        if (start >= 0) end = Math.max(end, start + breaker.length)
      }
      if (end >= 0) {
        // The tokens that the breaker reaches into do not count.
        let rest = end - text.length
        let free = back
        while (rest > 0) rest -= textOf(tokens[length - 1 - --free]!).length
        return free
      }
      after = here.slice(0, longest - 1)
    }
    return count
  }

  return { since, within }
}
