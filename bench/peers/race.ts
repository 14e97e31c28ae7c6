import { turns } from '../../apps/cli/src/measure/contest.js'
import type { KindedPrompt } from '../../apps/cli/src/models/prompts.js'
import type { Contender, Decoding, Role } from './contender.js'

/** One text of one contender. */
export interface Run extends Decoding {
  readonly peer: string
  readonly setting: string
  readonly role: Role
  readonly kind: string
  readonly prompt: string
}

/** A setting that failed; it took no further part. */
export interface Failure {
  readonly peer: string
  readonly setting: string
  readonly why: string
}

export interface Race {
  readonly runs: Run[]
  readonly failures: Failure[]
}

/**
 * Lets the contenders take turns on each prompt: A B, then B A, so that what drifts falls on all alike.
 *
 * @param contendersFor Who runs on prompts of a kind.
 */
export async function race(
  prompts: readonly KindedPrompt[],
  contendersFor: (kind: string) => readonly Contender[],
  options: {
    readonly signal: AbortSignal
    readonly onRun: (run: Run) => void
    readonly onFailure: (failure: Failure) => void
  },
): Promise<Race> {
  const runs: Run[] = []
  const failed = new Map<Contender, Failure>()
  for (const [index, { id, kind, text }] of prompts.entries()) {
    const contenders = contendersFor(kind)
    for (const turn of turns(contenders.length, index)) {
      const contender = contenders[turn]!
      if (failed.has(contender)) continue
      options.signal.throwIfAborted()
      const about = { peer: contender.peer, setting: contender.name }
      try {
        const run = { ...about, role: contender.role, kind, prompt: id, ...(await contender.decode(text)) }
        runs.push(run)
        options.onRun(run)
      } catch (error) {
        options.signal.throwIfAborted()
        const failure = { ...about, why: error instanceof Error ? error.message : String(error) }
        failed.set(contender, failure)
        options.onFailure(failure)
      }
    }
  }
  return { runs, failures: [...failed.values()] }
}
