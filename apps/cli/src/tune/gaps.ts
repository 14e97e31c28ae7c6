import type { CalibratedPass } from '@foretoken/backend-llama'
import type { PassTime } from '@foretoken/core'

/** The widest pass that is told of, in tokens. */
const widest = 16

/**
 * T(1) to T(16), from passes of which some were timed: the others lie on a line through their neighbours or, behind the
 * last, on one through the first and the last.
 *
 * @returns `undefined` when fewer than two were timed.
 */
export function withoutGaps(timed: readonly PassTime[]): readonly CalibratedPass[] | undefined {
  const [first, last] = [timed[0], timed.at(-1)]
  if (first === undefined || last === undefined || first === last) return undefined
  return Array.from({ length: widest }, (_, i) => {
    const tokens = i + 1
    const behind = timed.findIndex((pass) => pass.tokens >= tokens)
    const right = timed[behind] ?? last
    if (right.tokens === tokens) return { tokens, ms: right.ms, measured: true }
    const left = timed[behind - 1] ?? first
    const slope = (right.ms - left.ms) / (right.tokens - left.tokens)
    return { tokens, ms: left.ms + slope * (tokens - left.tokens), measured: false }
  })
}
