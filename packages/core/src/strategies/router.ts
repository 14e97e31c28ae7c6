import { ForetokenError } from '../errors.js'
import { Guard, wasRight } from '../guard/guard.js'
import { passTimesOf, type PassTimes } from '../guard/pass-times.js'
import { prospectsOf, type Prospects } from '../guard/prospects.js'
import type { TokenId } from '../model.js'
import type { Draft, Drafter, DraftRequest, DraftStrategy, Hindsight, Verdict } from '../strategy.js'
import { Parts } from './parts.js'

/**
 * Asks, in each round, the strategy whose draft promises the most tokens for its time, on this machine and in this text;
 * none where none pays.
 *
 * Strategies that cost next to nothing (lookups) show what they have, and are judged by that. One that takes its time (a
 * model) is judged by how it has fared, and tried again now and then. Each is learned about by itself: what its confidence
 * is worth, how long its drafts should be, and, of lookups, also how they would have fared when another was asked.
 *
 * @throws `invalid-argument` when there is none.
 */
export function router(...strategies: readonly DraftStrategy[]): DraftStrategy {
  if (strategies.length === 0) {
    throw new ForetokenError('invalid-argument', 'There is nobody to ask: pass router at least one strategy.')
  }
  return {
    name: `router(${strategies.map(({ name }) => name).join(', ')})`,
    async open(init) {
      const parts = await Parts.open(strategies, init)
      const passes = passTimesOf(init.target)
      const arms = strategies.map((strategy, i) => {
        const drafter = parts.drafters[i]!
        const prospects = prospectsOf(strategy, init.target, drafter.stepMs)
        return new Arm(strategy.name, drafter, prospects, new Guard(prospects, passes, init.maxTokens))
      })
      return new Router(arms, parts, passes)
    },
  }
}

/** Asking that takes at most this share of a pass over one token is no matter. */
const negligible = 0.02
/** A quick one is heard so far even where it does not pay, to learn how it would have fared. */
const peek = 2
/** The share of the time that may be spent on asking those who seem to be second best. */
const curiosity = 0.01

/** One of the strategies, with what is known of it. */
class Arm {
  /** Whether it was asked in this text. */
  asked = false
  /** Whether it draws its tokens: then what it drew must not decide whether they are used, or q would not be their q. */
  samples = false
  /** Rounds since it was last asked. */
  rested = 0

  constructor(
    readonly name: string,
    readonly drafter: Drafter,
    readonly prospects: Prospects,
    readonly guard: Guard,
  ) {}

  /** Whether it may be asked just to see what it has. */
  isQuick(passes: PassTimes): boolean {
    if (this.samples) return false
    return this.prospects.askMs <= (this.asked ? negligible * passes.shared(1) : 0)
  }
}

/** A draft that could be used in this round. */
interface Offer {
  readonly arm: Arm
  readonly draft: Draft
  /** What it would have said beyond what pays. */
  readonly heard: readonly TokenId[]
  readonly draftMs: number
  /** What it makes of the round, as times plain decoding. */
  readonly speedup: number
}

class Router implements Drafter {
  readonly weighsTime = true
  private chosen: Offer | undefined
  private others: readonly Offer[] = []
  private proposedAt = 0

  constructor(
    private readonly arms: readonly Arm[],
    private readonly parts: Parts,
    private readonly passes: PassTimes,
  ) {}

  get stepMs(): number | undefined {
    return this.parts.stepMs
  }

  propose(context: readonly TokenId[], request: DraftRequest): Draft | Promise<Draft> {
    this.parts.begin()
    const quick = this.arms.filter((arm) => arm.isQuick(this.passes))
    if (quick.length > 0 || this.bestOf(this.arms, 1, context.length)) return this.choose(quick, context, request)
    // At once: in front of a small target, even waiting for nothing takes time.
    for (const arm of this.arms) this.rest(arm)
    return { tokens: [] }
  }

  private async choose(quick: readonly Arm[], context: readonly TokenId[], request: DraftRequest): Promise<Draft> {
    const offers: Offer[] = []
    for (const arm of quick) offers.push(...(await this.ask(arm, context, request, true)))
    const found = offers.filter(({ draft }) => draft.tokens.length > 0).toSorted((a, b) => b.speedup - a.speedup)[0]
    const slow = this.arms.filter((arm) => !quick.includes(arm))
    const better = this.bestOf(slow, found?.speedup ?? 1, context.length)
    const [written] = better ? await this.ask(better, context, request, false) : []
    for (const arm of slow) if (arm !== better) this.rest(arm)

    this.chosen = written ?? found
    this.others = offers.filter((offer) => offer !== this.chosen)
    this.proposedAt = performance.now()
    if (!this.chosen) return { tokens: [] }
    const { arm, draft } = this.chosen
    this.parts.add(arm.drafter, draft.tokens)
    return { ...draft, by: draft.by ?? arm.name }
  }

  observe(verdict: Verdict, hindsight: Hindsight): Promise<void> {
    const { chosen, others } = this
    const [drafted, { accepted }] = [chosen?.draft.tokens ?? [], verdict]
    if (chosen) {
      const totalMs = chosen.draftMs + performance.now() - this.proposedAt
      const withheldRight = wasRight(chosen.draft, verdict)
      chosen.arm.guard.observe({ drafted: drafted.length, accepted, withheldRight, draftMs: chosen.draftMs, totalMs })
    }
    const said = [...drafted.slice(0, accepted), verdict.next]
    for (const { arm, heard } of others) arm.guard.compare(heard, said)
    this.chosen = undefined
    this.others = []
    return this.parts.observe(verdict, hindsight)
  }

  dispose(): Promise<void> {
    return this.parts.dispose()
  }

  private async ask(arm: Arm, context: readonly TokenId[], request: DraftRequest, peeks: boolean): Promise<Offer[]> {
    const { guard } = arm
    const { most } = guard.next(context.length)
    if (most === 0) {
      guard.skip()
      return []
    }
    const started = performance.now()
    let paying = Infinity
    const { tokens, distributions, withheld, by } = await arm.drafter.propose(context, {
      ...request,
      maxTokens: Math.min(most, request.maxTokens),
      goOn(index, confidence) {
        if (!request.goOn(index, confidence)) return false
        if (guard.goOn(index, confidence)) return true
        paying = Math.min(paying, index)
        return peeks && index < peek
      },
      wantsConfidence: true,
    })
    const draftMs = performance.now() - started
    const heard = withheld === undefined ? tokens : [...tokens, withheld]
    const draft = {
      tokens: tokens.slice(0, paying),
      distributions: distributions?.slice(0, paying),
      withheld: heard[Math.min(paying, tokens.length)],
      by,
    }
    arm.asked = true
    arm.rested = 0
    arm.samples ||= distributions !== undefined
    const drafted = draft.tokens.length
    if (tokens.length > 0) return [{ arm, draft, heard, draftMs, speedup: guard.worth(drafted, draftMs) }]
    guard.observe({ drafted, accepted: 0, draftMs, totalMs: draftMs + this.passes.shared(1) })
    return []
  }

  /** Who promises more than `rival`, or has not been asked for so long that it is time to ask again. */
  private bestOf(arms: readonly Arm[], rival: number, context: number): Arm | undefined {
    let best: Arm | undefined
    let most = rival
    for (const arm of arms) {
      const { kind, most: allowed, plan } = arm.guard.preview(context)
      if (allowed === 0 || !plan) continue
      const due = kind === 'trial' ? rival <= 1 : arm.rested * curiosity >= rival / plan.speedup - 1
      if (plan.speedup > most || (due && !best)) {
        best = arm
        most = Math.max(most, plan.speedup)
      }
    }
    return best
  }

  private rest(arm: Arm): void {
    arm.rested++
    arm.guard.skip()
  }
}
