import type { PassTime } from '../model.js'
import type { Decision, DecisionKind } from './guard.js'

export type { DecisionKind }

/** Rounds in a row about which the same was decided. */
export interface LengthSpan {
  readonly kind: DecisionKind
  /** Tokens said before it, and after it. */
  readonly from: number
  readonly to: number
  readonly rounds: number
  readonly drafted: number
  readonly accepted: number
  /** What a draft was expected to bring at the last of these rounds, as times plain decoding. NaN when nothing was known. */
  readonly expected: number
}

/** What an automatic draft length decided, and on what grounds. Times in milliseconds. */
export interface LengthReport {
  readonly spans: readonly LengthSpan[]
  /** Rounds decided in each way. */
  readonly rounds: Readonly<Record<DecisionKind, number>>
  /** The acceptance that was expected at the end, by position in the draft. */
  readonly acceptance: readonly number[]
  /** T(n) as it was at the end, n = 1 … 16. */
  readonly passes: readonly PassTime[]
  /** What a drafted token cost: the first, and each further one. */
  readonly askMs: number
  readonly stepMs: number
}

/** Collects decisions, those about rounds in a row together. */
export class DecisionLog {
  readonly spans: LengthSpan[] = []
  readonly rounds: Record<DecisionKind, number> = { draft: 0, off: 0, trial: 0, check: 0 }
  private said = 0

  add({ kind, plan }: Decision, drafted: number, accepted: number): void {
    this.rounds[kind]++
    const last = this.spans.at(-1)
    const from = this.said
    this.said += accepted + 1
    const round = { kind, from, to: this.said, rounds: 1, drafted, accepted, expected: plan?.speedup ?? NaN }
    if (last?.kind !== kind) {
      this.spans.push(round)
      return
    }
    this.spans[this.spans.length - 1] = {
      ...round,
      from: last.from,
      rounds: last.rounds + 1,
      drafted: last.drafted + drafted,
      accepted: last.accepted + accepted,
    }
  }
}
