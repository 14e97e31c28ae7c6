import type { PassTime } from '../model.js'
import type { Draft } from '../strategy.js'
import type { Decision, DecisionKind } from './guard.js'

export type { DecisionKind }

/** Rounds in a row about which the same was decided. */
export interface LengthSpan {
  readonly kind: DecisionKind
  /** Who drafted, where a strategy is made of several: the names, in the order in which they came. */
  readonly drafters: readonly string[]
  /** Tokens said before it, and after it. */
  readonly from: number
  readonly to: number
  readonly rounds: number
  readonly drafted: number
  readonly accepted: number
  /** What a draft was expected to bring at the last of these rounds, as times plain decoding. NaN when nothing was known. */
  readonly expected: number
}

/** What became of the drafts of one drafter among several. */
export interface DrafterShare {
  readonly rounds: number
  readonly drafted: number
  readonly accepted: number
}

/** What an automatic draft length decided, and on what grounds. Times in milliseconds. */
export interface LengthReport {
  readonly spans: readonly LengthSpan[]
  /** Rounds decided in each way. */
  readonly rounds: Readonly<Record<DecisionKind, number>>
  /** By name, where a strategy is made of several. */
  readonly drafters: Readonly<Record<string, DrafterShare>>
  /** The acceptance that was expected at the end, by position in the draft. Empty when the drafter decided for itself. */
  readonly acceptance: readonly number[]
  /** T(n) as it was at the end, n = 1 … 16. */
  readonly passes: readonly PassTime[]
  /** What plain decoding of what these rounds said would have taken, at the same load. NaN when T(n) is not known. */
  readonly plainMs: number
  /** What a drafted token cost: the first, and each further one. NaN when the drafter decided for itself. */
  readonly askMs: number
  readonly stepMs: number
}

/** Collects decisions, those about rounds in a row together. */
export class DecisionLog {
  private readonly spans: LengthSpan[] = []
  private readonly rounds: Record<DecisionKind, number> = { draft: 0, off: 0, trial: 0, check: 0 }
  private readonly drafters: Record<string, DrafterShare> = {}
  private said = 0

  add({ kind, plan }: Decision, { tokens, by }: Draft, accepted: number): void {
    const drafted = tokens.length
    const { rounds, spans } = this
    rounds[kind]++
    if (by !== undefined) this.share(by, drafted, accepted)
    const last = spans.at(-1)
    const from = this.said
    this.said += accepted + 1
    const names = by === undefined ? [] : [by]
    const expected = plan?.speedup ?? NaN
    if (last?.kind !== kind) {
      spans.push({ kind, drafters: names, from, to: this.said, rounds: 1, drafted, accepted, expected })
      return
    }
    spans[spans.length - 1] = {
      kind,
      drafters: [...new Set([...last.drafters, ...names])],
      from: last.from,
      to: this.said,
      rounds: last.rounds + 1,
      drafted: last.drafted + drafted,
      accepted: last.accepted + accepted,
      expected,
    }
  }

  report(): Pick<LengthReport, 'spans' | 'rounds' | 'drafters'> {
    return { spans: [...this.spans], rounds: { ...this.rounds }, drafters: { ...this.drafters } }
  }

  private share(name: string, drafted: number, accepted: number): void {
    const before = this.drafters[name] ?? { rounds: 0, drafted: 0, accepted: 0 }
    this.drafters[name] = {
      rounds: before.rounds + 1,
      drafted: before.drafted + drafted,
      accepted: before.accepted + accepted,
    }
  }
}
