import type { LengthPolicy, LengthReport, Round } from '@foretoken/core'

/** What the rounds of one run came to, as far as it has come: also of a run that never gives a result. */
export class Tally {
  tokens = 0
  decodeMs = 0
  report: (() => LengthReport) | undefined
  /** Milliseconds of passes times the tokens said from them, by the passes' tokens of this run. */
  private readonly passes = new Map<number, number>()

  add({ draft, verdict, passMs, totalMs }: Round): void {
    const said = verdict.accepted + 1
    const width = draft.tokens.length + 1
    this.tokens += said
    this.decodeMs += totalMs
    this.passes.set(width, (this.passes.get(width) ?? 0) + said * passMs)
  }

  /**
   * What plain decoding would have taken, at the same load: for each token a pass as long as those that there were, but
   * narrower. `undefined` where T(n) is not known.
   */
  plainMs(): number | undefined {
    const times = this.report?.().passes.map(({ ms }) => ms)
    if (!times?.every((ms) => ms > 0)) return undefined
    let sum = 0
    for (const [width, ms] of this.passes) sum += (ms * times[0]!) / times[Math.min(width, times.length) - 1]!
    return sum
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
