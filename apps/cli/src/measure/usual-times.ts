import type { LengthPolicy } from '@foretoken/core'
import { mean } from './statistics.js'

/** What a round did, and its parts in milliseconds. */
export interface TimedRound {
  /** Tokens drafted, and tokens said. */
  readonly drafted: number
  readonly tokens: number
  /** Deciding how much to draft, and drafting. */
  readonly draftMs: number
  readonly passMs: number
  /** Judging, and forgetting what was refused. */
  readonly restMs: number
}

/** The same policy, which writes down its rounds in `rounds`. */
export function recording(policy: LengthPolicy, rounds: TimedRound[]): LengthPolicy {
  return {
    ...policy,
    open(init) {
      const control = policy.open(init)
      return {
        ...control,
        observe(round) {
          const { draft, verdict, draftMs, passMs, totalMs } = round
          const restMs = totalMs - draftMs - passMs
          rounds.push({ drafted: draft.tokens.length, tokens: verdict.accepted + 1, draftMs, passMs, restMs })
          control.observe?.(round)
        },
      }
    },
  }
}

/** Share of the times of the same work that count: the longest are those in which the machine did something else. */
const counted = 0.8

/** Gathers the times of the same work, and tells what it usually takes. */
export class UsualTimes {
  private readonly seen = new Map<string, number[]>()
  private readonly means = new Map<string, number>()

  add(work: string, ms: number): void {
    const times = this.seen.get(work) ?? []
    this.seen.set(work, times)
    times.push(ms)
    this.means.delete(work)
  }

  /** Milliseconds, the mean without the longest fifth. NaN for work that was never seen. */
  of(work: string): number {
    let usual = this.means.get(work)
    if (usual === undefined) {
      const times = (this.seen.get(work) ?? []).toSorted((a, b) => a - b)
      this.means.set(work, (usual = mean(times.slice(0, Math.max(1, Math.floor(times.length * counted))))))
    }
    return usual
  }
}

/**
 * What rounds take when each is as long as such rounds usually are.
 *
 * On a machine with other work, seconds tell little of a difference of a few per cent. But all sides of a comparison do the
 * same kinds of work, so what differs is how much of each they do, and that can be counted: a pass over n tokens takes what
 * such passes take, whoever asks for it, and a draft of n tokens what the drafts of this drafter take under this policy
 * (so what a policy costs itself counts, too).
 */
export class UsualRounds {
  private readonly times = new UsualTimes()

  /** @param drafter A name for who drafts, and under which policy. */
  add(drafter: string, { drafted, draftMs, passMs, restMs }: TimedRound): void {
    this.times.add(`pass ${drafted}`, passMs)
    this.times.add(`draft ${drafted} ${drafter}`, draftMs)
    this.times.add(`rest ${drafted} ${drafter}`, restMs)
  }

  of(drafter: string, { drafted }: TimedRound): number {
    const work = [`pass ${drafted}`, `draft ${drafted} ${drafter}`, `rest ${drafted} ${drafter}`]
    return work.reduce((sum, each) => sum + this.times.of(each), 0)
  }

  /** As `inStep` times them: from the end of the first round on, in which the drafter reads the prompt. */
  track(drafter: string, rounds: readonly TimedRound[]): { readonly msAt: readonly number[] } {
    const msAt = [0]
    for (const round of rounds.slice(1)) {
      const before = msAt.at(-1)!
      for (let i = 1; i <= round.tokens; i++) msAt.push(before + (this.of(drafter, round) * i) / round.tokens)
    }
    return { msAt }
  }
}
