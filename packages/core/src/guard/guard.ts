import type { TokenId } from '../model.js'
import type { Draft, Verdict } from '../strategy.js'
import { rangeOf } from './acceptance.js'
import type { PassTimes } from './pass-times.js'
import type { Plan, Prospects } from './prospects.js'

/** Beyond this, waiting for the draft to be written and thrown away costs more than the few texts that are so easy gain. */
export const longest = 48

/** The share of the time that may be spent on finding out whether drafts have begun to pay. */
const curiosity = 0.0125
/** Gains below this are checked against a plain pass, once in so many rounds. */
const doubtful = 1.25
const checkEvery = 24
/** The same when passes take longer or shorter than they used to, for gains that this could be the end of. */
const shaky = 1.6
const checkSoon = 3
/** Rounds of a text until a drafter that ought to pay, but has lost too much, is tried again. */
const patience = 16
const promising = 1.1
/** Each trial in a row that fails halves how often there is one, so many times. */
const mostHalvings = 2
/** How long the first drafts of a text may be: of a drafter that nobody has seen before, and of others. */
const firstOfAll = 4
const firstOfText = 8
/** Drafts may be so many times as long as what was accepted of late, beyond that. */
const growth = 2
/** How fast what was accepted of late fades, by round. */
const fading = 0.6
/** A plan whose first so many tokens cannot be afforded cannot be tried. */
const few = 3
/** Texts are expected to be half as long as they may be, and no longer than this, when the prompt is yet to be read. */
const longText = 256
/** A drafter with so many tokens to read shows how fast it reads; with fewer than these, how fast it answers. */
const long = 16
const short = 4
/** A drafter that answers within this share of a pass over one token is asked in any case: its draft says more. */
const negligible = 0.01
/** Before so many tokens were judged, a drafter has the benefit of the doubt: its first few may have been hard ones. */
const enough = 24
const benefitOfDoubt = 0.6
/** How many observations of earlier texts count in a new one. */
const carried = 12
/** The most that asking is taken to cost, in passes over one token. */
const mostAsking = 2
/** Rounds without a draft after which they are planned anew: only the time that passes take can have changed. */
const planHolds = 16

/** What was decided for a round. */
export type DecisionKind =
  /** Drafts pay: they go on for as long as each further token does. */
  | 'draft'
  /** Drafts do not pay. */
  | 'off'
  /** They did not pay; a short one, to see whether they do now. */
  | 'trial'
  /** They pay little: a plain pass, to see whether they pay at all. */
  | 'check'

export interface Decision {
  readonly kind: DecisionKind
  /** The most tokens that may be drafted. */
  readonly most: number
  /** What was expected of the round with a draft. Absent when nothing is known of the passes yet. */
  readonly plan?: Plan | undefined
}

/** Whether what a draft withheld is what the target said, where all before it was accepted. */
export function wasRight({ tokens, withheld }: Draft, { accepted, next }: Verdict): boolean | undefined {
  return withheld === undefined || accepted < tokens.length ? undefined : withheld === next
}

/** What became of a round. Times in milliseconds. */
export interface Outcome {
  readonly drafted: number
  readonly accepted: number
  /** Whether the token that was withheld would have been accepted, if that is known and all before it were. */
  readonly withheldRight?: boolean | undefined
  readonly draftMs: number
  readonly totalMs: number
}

/**
 * Decides round by round how much to draft, 0 included, so that the expected tokens over the expected time are most.
 *
 * A draft goes on as long as the next token adds more expected tokens than the time for it would bring at the rate that is
 * planned (the marginal rule for a ratio of two expectations; Dinkelbach 1967). When drafts do not pay they are left out,
 * and tried again now and then: the less a trial promises the rarer it is, as all are paid out of a small share of the
 * time. So the worst drafter costs little, and none is off for good.
 *
 * It looks at past rounds, at the clock and at the drafter's own confidence, never at the target's judgement of the draft
 * in hand, so what is verified keeps its distribution.
 */
export class Guard {
  private decision: Decision = { kind: 'off', most: 0 }
  private askedAt = 0
  /** What asking was expected to cost, in milliseconds. */
  private askedFor = 0
  /** When the drafter was answered last, and how sure it was of each token. */
  private answeredAt = 0
  private readonly ranges: number[] = []
  private survival = 1
  /** Tokens that the drafter has not seen, as it was not asked. */
  private unseen = 0
  private opened = false
  private planned: { readonly plan: Plan; readonly most: number; readonly unseen: number } | undefined
  /** Tokens within which reading the prompt has to be made up for. */
  private readonly horizon: number
  private context = 0
  private sincePlain = 0
  /** The part of the round in which the drafter read the prompt: no round to come has it. */
  private readingMs = 0
  /** The most tokens that were accepted of late. */
  private reach = 0

  /** @param maxTokens The most tokens that may be said. */
  constructor(
    private readonly prospects: Prospects,
    private readonly passes: PassTimes,
    maxTokens = Infinity,
  ) {
    this.horizon = Math.min(maxTokens / 2, longText)
    prospects.acceptance.fade(carried)
  }

  /** Decides on the next round. @param context How many tokens the text has. */
  next(context: number): Decision {
    this.context = context
    this.ranges.length = 0
    this.survival = 1
    this.readingMs = 0
    this.decision = this.decideTogether()
    this.askedFor = this.asking
    if (this.decision.kind === 'trial') {
      this.prospects.acceptance.fade(remembered(this.unseen))
      // At once, so that of the texts that share a pass only one makes the trial.
      this.prospects.sinceTrial = 0
    }
    this.askedAt = this.answeredAt = performance.now()
    return this.decision
  }

  /** Whether to draft token `index`, of which the drafter is this sure; without a confidence, whether to look for it. */
  goOn(index: number, confidence?: number): boolean {
    const now = performance.now()
    if (confidence === undefined) {
      this.answeredAt = now
      return this.mayTry(index) || this.pays(index, this.decision.plan?.usual[index] ?? 0, 1)
    }
    this.time(index, now)
    const range = rangeOf(confidence)
    const expected = this.prospects.acceptance.expected(index, range)
    this.prospects.offer(index, range, this.unseen)
    this.answeredAt = now
    const pays = this.mayTry(index) || this.pays(index, expected, 0)
    this.ranges[index] = range
    this.survival *= expected
    return pays
  }

  /** What {@link next} would decide now. */
  preview(context: number): Decision {
    this.context = context
    return this.decide()
  }

  /** How likely token `index` of the draft in hand is accepted, if those before it are. */
  expected(index: number): number {
    return this.prospects.acceptance.expected(index, this.ranges[index] ?? rangeOf(1))
  }

  /** The round went on without this drafter. */
  skip(): void {
    const { prospects } = this
    this.unseen++
    this.sincePlain = 0
    prospects.sinceTrial++
    prospects.earn(0, curiosity)
  }

  /** What the draft in hand makes of the round: expected tokens over expected time, as times plain decoding. */
  worth(drafted: number, draftMs: number): number {
    let survival = 1
    let tokens = 1
    for (let i = 0; i < drafted; i++) {
      survival *= this.expected(i)
      tokens += survival
    }
    return (tokens * this.passes.shared(1)) / (draftMs + this.passes.shared(drafted + 1))
  }

  /** Another's draft was taken in this round, and `said` came of it: this is how ours would have fared. */
  compare(draft: readonly TokenId[], said: readonly TokenId[]): void {
    for (let i = 0; i < Math.min(draft.length, said.length); i++) {
      const right = draft[i] === said[i]
      this.prospects.acceptance.observe(i, this.ranges[i] ?? rangeOf(1), right)
      if (!right) break
    }
    this.unseen = 0
  }

  observe({ drafted, accepted, withheldRight, draftMs, totalMs }: Outcome): void {
    const { prospects, decision } = this
    this.prospects.sinceTrial++
    if (decision.most === 0) {
      this.unseen++
      this.sincePlain = 0
    } else {
      this.sincePlain = drafted === 0 ? 0 : this.sincePlain + 1
      for (let i = 0; i < Math.min(drafted, accepted + 1); i++) {
        // A drafter that never asks says nothing of how sure it is.
        prospects.acceptance.observe(i, this.ranges[i] ?? rangeOf(1), i < accepted)
      }
      const range = this.ranges[drafted]
      if (withheldRight !== undefined && range !== undefined) {
        prospects.acceptance.observe(drafted, range, withheldRight)
      }
      if (drafted > 0) this.reach = Math.max(accepted, fading * this.reach)
      if (this.answeredAt === this.askedAt) this.learnAsk(draftMs)
      if (decision.kind === 'trial') prospects.failedTrials = accepted > 0 ? 0 : prospects.failedTrials + 1
      this.unseen = 0
    }
    this.settle(totalMs - this.readingMs, drafted, accepted + 1)
  }

  /**
   * Texts that share their passes draft in the same rounds: then they share the drafter's passes, too, while a single one
   * that drafts keeps all others waiting.
   */
  private decideTogether(): Decision {
    const { prospects, passes } = this
    const { joint } = prospects
    if (joint && joint.round === passes.round && passes.texts > 1) return this.follow(joint.decision)
    const decision = this.decide()
    prospects.joint = { round: passes.round, decision }
    return decision
  }

  private follow({ kind, plan }: Decision): Decision {
    if (kind !== 'draft' || !plan) return { kind: kind === 'trial' ? 'off' : kind, most: 0, plan }
    const most = this.repays(plan) ? this.affordable() : 0
    return { kind: most > 0 ? kind : 'off', most, plan }
  }

  private decide(): Decision {
    const { prospects, passes } = this
    if (!passes.known) return { kind: 'off', most: 0 }
    const { acceptance, credit, sinceTrial } = prospects
    const plan = this.plan(this.limit)
    const { speedup, length } = plan
    const most = this.affordable()
    const pays = speedup > 1 && this.repays(plan)
    const broke = most < Math.min(length, few)
    if (pays && !broke) {
      const doubted = passes.puzzled && speedup < shaky ? checkSoon : speedup < doubtful ? checkEvery : Infinity
      return this.sincePlain >= doubted ? { kind: 'check', most: 0, plan } : { kind: 'draft', most, plan }
    }
    const plain = passes.shared(1)
    const asking = this.askingAtMost / plain
    // Those who share the pass wait for the trial, and gain nothing by it.
    const loss = passes.texts * (asking + (plan.ms - prospects.askMs) / plain - 1) - (plan.tokens - 1)
    const eager = 1 / 2 ** Math.min(mostHalvings, prospects.failedTrials)
    // As often as the share of time that is set aside for it pays for what a trial can be expected to lose.
    const paid = credit > 0 && sinceTrial * curiosity * eager >= loss
    const doubt = !broke && asking <= credit && acceptance.evidence < enough && speedup > benefitOfDoubt
    // Bad luck, or a machine that stood still, must not keep out for long what ought to pay.
    const due = pays && speedup > promising && sinceTrial * eager >= patience * passes.texts
    if (paid || doubt || due) return { kind: 'trial', most: length, plan }
    return { kind: this.asksCheaply ? 'draft' : 'off', most: this.asksCheaply ? most : 0, plan }
  }

  private plan(most: number): Plan {
    const { planned, unseen } = this
    // Between two tokens of a small model there is no time to find the same plan over and over.
    if (planned && unseen > 0 && planned.most === most && unseen < planned.unseen + planHolds) return planned.plan
    const plan = this.prospects.plan(this.passes, most)
    this.planned = { plan, most, unseen }
    return plan
  }

  /** Whether a drafter that has the prompt to read first makes up for that soon enough: those who share the pass wait, too. */
  private repays({ speedup }: Plan): boolean {
    const { passes, prospects, horizon } = this
    const reading = passes.texts * (this.asking - prospects.askMs)
    return this.opened || horizon * (1 - 1 / speedup) * passes.shared(1) > reading
  }

  /** How long a draft may be: short at first, and longer as drafts are accepted, for one may be wrong from the start. */
  private get limit(): number {
    const first = this.prospects.acceptance.evidence < enough ? firstOfAll : firstOfText
    return Math.min(longest, Math.round(first + growth * this.reach))
  }

  /** The same, so that we could bear it being all wrong. */
  private affordable(): number {
    const { prospects, passes, limit } = this
    const plain = passes.shared(1)
    // What a prompt takes to be read is weighed by itself: it is no loss of the drafts.
    const asking = this.opened ? this.askingAtMost : prospects.askMs
    let length = 0
    while (length < limit) {
      const loss = asking + length * prospects.stepMs + passes.shared(length + 2) - plain
      if (loss > prospects.credit * plain) break
      length++
    }
    return length
  }

  private get asksCheaply(): boolean {
    return this.asking < negligible * this.passes.shared(1)
  }

  /** What asking costs now, in milliseconds. A drafter that was not asked for long has some text to read. */
  private get asking(): number {
    const { askMs, readMs } = this.prospects
    return askMs + (readMs ?? 0) * this.unread
  }

  /** The same for a trial. One that has been left behind in this text gets its trial however much it has to read. */
  private get askingAtMost(): number {
    return this.opened ? Math.min(this.asking, mostAsking * this.passes.shared(1)) : this.asking
  }

  /** Tokens that the drafter has not seen. */
  private get unread(): number {
    return this.opened ? this.unseen : this.context
  }

  private mayTry(index: number): boolean {
    return this.decision.kind === 'trial' && index < this.decision.most
  }

  /**
   * Whether token `index` adds more than its time would bring elsewhere; looks ahead, as a step may pay only with the next.
   *
   * @param steps Steps of the drafter that this token itself still costs.
   */
  private pays(index: number, expected: number, steps: number): boolean {
    const { prospects, passes, survival } = this
    const { most } = this.decision
    const rate = this.rate()
    const here = passes.shared(index + 1)
    let reached = survival * expected
    let gain = reached
    for (let further = 1; ; further++) {
      const time = passes.shared(index + further + 1) - here + (further - 1 + steps) * prospects.stepMs
      if (gain > rate * time) return true
      if (index + further >= most || reached < 0.02) return false
      reached *= this.decision.plan?.usual[index + further] ?? 0
      gain += reached
    }
  }

  /** Tokens per millisecond that can be said: what the plan promises, at least what plain decoding gives. */
  private rate(): number {
    const { passes, decision } = this
    return Math.max(1, decision.plan?.speedup ?? 1) / passes.shared(1)
  }

  private time(index: number, now: number): void {
    const { prospects } = this
    if (index === 0) this.learnAsk(now - this.askedAt)
    else prospects.stepMs = follow(prospects.stepMs, now - this.answeredAt)
  }

  private learnAsk(ms: number): void {
    const { prospects, unread } = this
    if (unread >= long) {
      const reading = Math.max(0, ms - prospects.askMs)
      prospects.readMs = follow(prospects.readMs ?? 0, reading / unread)
      // A trial has to pay for all that it takes.
      if (!this.opened && this.decision.kind !== 'trial') this.readingMs = reading
    } else if (unread < short) prospects.askMs = follow(prospects.askMs, ms)
    this.opened = true
  }

  /** What the round saved or lost against plain decoding. */
  private settle(totalMs: number, drafted: number, tokens: number): void {
    const { prospects, passes } = this
    const plain = passes.shared(1)
    if (!(plain > 0)) return
    // Of a long pause, no more is the draft's fault than what it could have taken.
    const most = 2 * (this.askedFor + drafted * prospects.stepMs + passes.shared(drafted + 1))
    const ms = Math.min(totalMs, most)
    const usual = ms / plain
    const waiting = this.decision.kind === 'trial' ? passes.texts : 1
    const saved = this.decision.most > 0 ? tokens - 1 - waiting * (usual - 1) : 0
    prospects.earn(saved, curiosity * usual)
  }
}

/** How many observations still count after so many rounds without a draft: the text has gone on. */
function remembered(rounds: number): number {
  return Math.max(2, 40 * 0.93 ** rounds)
}

/** A running mean that does not believe in a single long pause, and leaves a slow start (cold code) behind soon. */
function follow(before: number, ms: number): number {
  if (before === 0) return ms
  if (ms < before / 2) return (before + ms) / 2
  return before + 0.2 * (Math.min(ms, 3 * before) - before)
}
