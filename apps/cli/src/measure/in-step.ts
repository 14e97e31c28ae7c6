import type { SoFar } from './decode.js'

/** What became of one of several that ran in step. */
export interface Track<T> {
  readonly result: T
  /** Milliseconds of its own by number of tokens said, from 0. Tokens that came together are spread evenly. */
  readonly msAt: readonly number[]
}

/**
 * Runs several generations round by round in turn: whoever has said least goes on. So each says its tokens while the
 * others say theirs, and what else happens on the machine, which can change within seconds, falls on all alike.
 *
 * @param generations From `decodeRounds`, each with a model of its own (or at least a sequence), as all are under way at
 * once. They are closed in any case.
 */
export async function inStep<T extends SoFar>(generations: readonly AsyncGenerator<SoFar, T>[]): Promise<Track<T>[]> {
  const runs = generations.map((rounds) => ({ rounds, msAt: [0], result: undefined as T | undefined }))
  try {
    for (let turn = 0; ; turn++) {
      const waiting = runs.filter(({ result }) => !result)
      if (waiting.length === 0) break
      // Among equals, each comes first in its turn.
      const first = turn % waiting.length
      const order = [...waiting.slice(first), ...waiting.slice(0, first)]
      const run = order.reduce((least, each) => (each.msAt.length < least.msAt.length ? each : least))
      const step = await run.rounds.next()
      spread(run.msAt, step.value)
      if (step.done) run.result = step.value
    }
  } finally {
    for (const { rounds } of runs) await rounds.return(undefined as never)
  }
  return runs.map(({ result, msAt }) => ({ result: result!, msAt }))
}

function spread(msAt: number[], { tokens, ms }: SoFar): void {
  const said = msAt.length - 1
  const before = msAt[said]!
  for (let i = 1; i <= tokens - said; i++) msAt.push(before + ((ms - before) * i) / (tokens - said))
}

/** The milliseconds of each stretch of so many tokens, whole ones only. */
export function stretches({ msAt }: { readonly msAt: readonly number[] }, tokens: number): number[] {
  const times: number[] = []
  for (let end = tokens; end < msAt.length; end += tokens) times.push(msAt[end]! - msAt[end - tokens]!)
  return times
}
