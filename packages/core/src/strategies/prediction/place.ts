import type { TokenId } from '../../model.js'

/** No longer run is compared: what agrees for so long is the same place. */
const longest = 16
/** How far from where it was lost a place is near, in tokens. */
const near = 64
/** So close ahead, a single token is enough. */
const close = 8

/**
 * Where `prediction` goes on after a `text` that left it at `lost`: behind the longest run of tokens that ends the text,
 * near `lost` if there is one, else anywhere. Of equals, one ahead of `lost` wins over one behind, then the nearer one.
 *
 * @returns An index into `prediction`; `undefined` when there is no such place.
 */
export function findPlace(prediction: readonly TokenId[], text: readonly TokenId[], lost: number): number | undefined {
  return (
    bestPlace(prediction, text, lost, lost - near, lost + near) ??
    bestPlace(prediction, text, lost, 0, prediction.length)
  )
}

function bestPlace(
  prediction: readonly TokenId[],
  text: readonly TokenId[],
  lost: number,
  from: number,
  to: number,
): number | undefined {
  const last = text[text.length - 1]
  const end = Math.min(to, prediction.length - 1)
  let best: number | undefined
  let bestRun = 0
  let bestRank = Infinity
  for (let place = Math.max(from, 1); place <= end; place++) {
    if (prediction[place - 1] !== last) continue
    const run = runBefore(prediction, place, text)
    if (run < bestRun || run < needed(place - lost)) continue
    const rank = place >= lost ? place - lost : prediction.length + lost - place
    if (run === bestRun && rank >= bestRank) continue
    best = place
    bestRun = run
    bestRank = rank
  }
  return best
}

/** How many tokens have to agree, `gap` tokens ahead of where it was lost. */
function needed(gap: number): number {
  if (gap >= 0 && gap <= close) return 1
  return Math.abs(gap) <= near ? 2 : 3
}

/** How many tokens before `place` are the last of `text`. */
function runBefore(prediction: readonly TokenId[], place: number, text: readonly TokenId[]): number {
  let run = 0
  while (run < longest && run < place && prediction[place - 1 - run] === text[text.length - 1 - run]) run++
  return run
}
