import { Acceptance, ranges } from './acceptance.js'
import type { LanguageModel } from '../model.js'
import type { DraftStrategy } from '../strategy.js'
import type { Decision } from './guard.js'
import type { PassTimes } from './pass-times.js'

/** What a round would be worth, drafted to its best length. */
export interface Plan {
  /** Tokens to draft, at least 1. */
  readonly length: number
  /** Tokens expected of the round. */
  readonly tokens: number
  /** Milliseconds that it is expected to take. */
  readonly ms: number
  /** Times as fast as plain decoding. */
  readonly speedup: number
  /** The acceptance expected by position, as far as drafts may go. */
  readonly usual: readonly number[]
}

/** What may be lost on one that nobody has tried. */
const firstCredit = 2
/** What may be lost at a time on a drafter that has saved nothing: enough for a trial that has much to read first. */
const mostShare = 3
/** How much of what drafts have saved may be lost again, in passes over one token. */
const mostCredit = 20
/** How fast the expectation of a position follows what drafts say of it. */
const recent = 0.15
/** Weight of what is believed of a drafter that has not drafted yet. */
const unknown = 0.75
/** Weight of what is expected of the position before, where 1 is what many drafts have shown. */
const neighbours = 0.1

/**
 * What is known of one drafter in front of one target: how often it is right, how sure it usually is, and what its drafts
 * cost. All times in milliseconds.
 */
export class Prospects {
  readonly acceptance = new Acceptance()
  /** Time until the first token is drafted, or known not to be. */
  askMs: number
  /** Time of each further token. */
  stepMs: number
  /** Time to read a token of text that it has not seen: the prompt, and what was said while it was not asked. */
  readMs: number | undefined
  /**
   * What drafts may lose from here on, in passes of the target over one token: what they have saved, up to a limit, and
   * a small share of the time, up to a smaller one. It begins with a little, for a drafter has to be tried to be known.
   */
  credit = firstCredit
  /** Rounds since the last trial. */
  sinceTrial = 0
  /** Trials in a row of which nothing was accepted. */
  failedTrials = 0
  /** What was decided last, for all that were in the same pass. */
  joint: { readonly round: number; readonly decision: Decision } | undefined

  /** How sure the drafter was lately, by position: weights of the ranges of confidence, which sum to 1 at most. */
  private readonly offered: Float64Array[] = []

  /** @param stepMs What a drafted token costs, if that is known. */
  constructor(stepMs = 0) {
    this.askMs = stepMs
    this.stepMs = stepMs
  }

  /** @param saved By a draft; below 0 what it lost. @param share Of the time, that may be spent on finding out. */
  earn(saved: number, share: number): void {
    const credit = Math.min(mostCredit, this.credit + saved)
    // What nobody saved is not saved up: a long time without drafts must not end in a spree.
    this.credit = Math.max(credit, Math.min(mostShare, credit + share))
  }

  /**
   * A token at `position` could be drafted, of which the drafter is so sure.
   *
   * @param range Of its confidence.
   * @param missed Rounds since the drafter was last asked: the longer, the less the past counts.
   */
  offer(position: number, range: number, missed: number): void {
    // With each draft all positions fade, so that one that was given up after a bad day is thought of as its neighbour.
    if (position === 0) {
      const kept = (1 - recent) ** (1 + missed / 4)
      for (const weights of this.offered) for (let i = 0; i < ranges; i++) weights[i]! *= kept
    }
    const weights = (this.offered[position] ??= new Float64Array(ranges))
    weights[range]! += recent
  }

  /** The acceptance to expect at each position below `count` while the draft is not known. */
  usual(count: number): number[] {
    const expected: number[] = []
    for (let position = 0; position < count; position++) {
      let sum = neighbours * (expected[position - 1] ?? unknown)
      let weight = neighbours
      const weights = this.offered[position]
      for (let range = 0; weights && range < ranges; range++) {
        if (weights[range] === 0) continue
        sum += weights[range]! * this.acceptance.expected(position, range)
        weight += weights[range]!
      }
      expected.push(sum / weight)
    }
    return expected
  }

  /** The best length up to `most`, by the usual acceptance. */
  plan(passes: PassTimes, most: number): Plan {
    const plain = passes.shared(1)
    const usual = this.usual(most)
    let best: Plan | undefined
    let survival = 1
    let tokens = 1
    for (let length = 1; length <= most; length++) {
      survival *= usual[length - 1]!
      tokens += survival
      const ms = this.askMs + (length - 1) * this.stepMs + passes.shared(length + 1)
      const speedup = (tokens * plain) / ms
      if (!best || speedup > best.speedup) best = { length, tokens, ms, speedup, usual }
      // Nothing that is added from here on is worth a token any more.
      if (survival < 0.02) break
    }
    return best!
  }
}

const known = new WeakMap<DraftStrategy, WeakMap<LanguageModel, Prospects>>()

/** What is known of the drafts of `strategy` in front of `target`, by all that draft with it. */
export function prospectsOf(strategy: DraftStrategy, target: LanguageModel, stepMs: number | undefined): Prospects {
  const ofTargets = known.get(strategy) ?? new WeakMap<LanguageModel, Prospects>()
  known.set(strategy, ofTargets)
  const prospects = ofTargets.get(target) ?? new Prospects(stepMs)
  ofTargets.set(target, prospects)
  return prospects
}
