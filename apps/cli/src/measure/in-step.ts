import type { GenerateOptions } from '@foretoken/core'
import { type Decoded, decodeRounds } from './decode.js'

/** How long one contender took to reach each token, in milliseconds of its own; the first round is not counted. */
export interface Track {
  readonly decoded: Decoded
  /** By number of tokens said, from 0. Tokens that came together are spread evenly over their round. */
  readonly msAt: readonly number[]
}

/**
 * Runs several generations round by round in turn: whoever has said least goes on. So each says its tokens while the
 * others say theirs, and what else happens on the machine, which can change within seconds, falls on all alike.
 *
 * @param generations Each with a model of its own (or at least a sequence), as all are under way at once.
 */
export async function inStep(generations: readonly GenerateOptions[]): Promise<Track[]> {
  const runs = generations.map((options) => ({
    rounds: decodeRounds(options),
    msAt: [0],
    decoded: undefined as Decoded | undefined,
  }))
  try {
    for (let turn = 0; ; turn++) {
      const waiting = runs.filter(({ decoded }) => !decoded)
      if (waiting.length === 0) break
      // Among equals, each comes first in its turn.
      const first = turn % waiting.length
      const order = [...waiting.slice(first), ...waiting.slice(0, first)]
      const run = order.reduce((least, each) => (each.msAt.length < least.msAt.length ? each : least))
      const step = await run.rounds.next()
      spread(run.msAt, step.value)
      if (step.done) run.decoded = step.value
    }
  } finally {
    for (const { rounds } of runs) await rounds.return(undefined as never)
  }
  return runs.map(({ decoded, msAt }) => ({ decoded: decoded!, msAt }))
}

function spread(msAt: number[], { tokens, ms }: { tokens: number; ms: number }): void {
  const said = msAt.length - 1
  const before = msAt[said]!
  for (let i = 1; i <= tokens - said; i++) msAt.push(before + ((ms - before) * i) / (tokens - said))
}

/** The milliseconds of each stretch of so many tokens, whole ones only. */
export function stretches({ msAt }: Track, tokens: number): number[] {
  const times: number[] = []
  for (let end = tokens; end < msAt.length; end += tokens) times.push(msAt[end]! - msAt[end - tokens]!)
  return times
}
