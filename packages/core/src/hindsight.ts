import { ForetokenError } from './errors.js'
import { kernels } from './kernels/index.js'
import type { TokenId } from './model.js'
import type { Hindsight } from './strategy.js'
import type { Judgement } from './verify/verifier.js'

/** What may be told of a judgement once it has been made. */
export function hindsight(judgement: Judgement, rows: number): Hindsight {
  return {
    likeliest(row, count) {
      if (!(Number.isInteger(row) && row >= 0 && row < rows)) {
        throw new ForetokenError('invalid-argument', `There is no row ${row} to look back on: there are ${rows}.`)
      }
      return likeliest(judgement.logits(row), count)
    },
  }
}

/**
 * The indices of the `count` largest values, largest first; the smallest index among equals. Fewer where there are no more:
 * neither NaN nor -Infinity is ever among them.
 */
export function likeliest(logits: Float32Array, count: number): TokenId[] {
  const best: TokenId[] = []
  // One pass for each: it takes no time, and a copy only where there is more than one.
  let rest = logits
  while (best.length < count) {
    const token = kernels.argmax(rest)
    if (!(rest[token]! > -Infinity)) break
    best.push(token)
    if (best.length === count) break
    if (rest === logits) rest = logits.slice()
    rest[token] = -Infinity
  }
  return best
}
