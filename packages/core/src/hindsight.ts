import { ForetokenError } from './errors.js'
import type { TokenId } from './model.js'
import type { Hindsight } from './strategy.js'
import type { Judgement } from './verify/verifier.js'

/** What may be told of a judgement once it has been made. */
export function hindsight(judgement: Judgement, rows: number): Hindsight {
  return {
    likeliest(row, count) {
      if (!(row >= 0 && row < rows)) {
        throw new ForetokenError('invalid-argument', `There is no row ${row} to look back on: there are ${rows}.`)
      }
      return likeliest(judgement.logits(row), count)
    },
  }
}

/** The indices of the `count` largest values, largest first; the smallest index among equals. NaN is never among them. */
export function likeliest(logits: Float32Array, count: number): TokenId[] {
  const best: TokenId[] = []
  let least = -Infinity
  for (let token = 0; token < logits.length; token++) {
    const value = logits[token]!
    if (!(value > least || (best.length < count && value === value))) continue
    let place = best.length
    while (place > 0 && value > logits[best[place - 1]!]!) place--
    best.splice(place, 0, token)
    if (best.length > count) best.pop()
    if (best.length === count) least = logits[best[count - 1]!]!
  }
  return best
}
