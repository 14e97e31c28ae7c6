import type { LengthPolicy, LengthReport, Round } from '@foretoken/core'

/** What the rounds of one run came to, as far as it has come: also of a run that never gives a result. */
export class Tally {
  tokens = 0
  decodeMs = 0
  report: (() => LengthReport) | undefined

  add({ verdict, totalMs }: Round): void {
    this.tokens += verdict.accepted + 1
    this.decodeMs += totalMs
  }
}

/** `policy`, with its rounds counted and told of. */
export function watched(policy: LengthPolicy, tally: Tally, tell: (round: Round) => void): LengthPolicy {
  return {
    ...policy,
    open(init) {
      const control = policy.open(init)
      tally.report = control.report
      return {
        ...control,
        observe(round) {
          control.observe?.(round)
          tally.add(round)
          tell(round)
        },
      }
    },
  }
}
