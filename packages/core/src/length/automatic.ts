import { type Decision, Guard, longest, wasRight } from '../guard/guard.js'
import { passTimesOf } from '../guard/pass-times.js'
import { PlainTime } from '../guard/plain-time.js'
import { prospectsOf } from '../guard/prospects.js'
import { DecisionLog } from '../guard/report.js'
import type { LengthPolicy } from './policy.js'

/**
 * Drafts as much as pays, on this machine, in this text (`guard/guard.ts` decides); nothing where nothing pays.
 *
 * What it learns of a strategy in front of a target (how often it is right, what a token costs, how long passes take) is
 * kept for the next generation, for as long as both live.
 */
export function automaticLength(): LengthPolicy {
  return {
    name: 'automatic',
    max: longest,
    open({ target, strategy, drafter, maxTokens }) {
      const passes = passTimesOf(target)
      const prospects = prospectsOf(strategy, target, drafter.stepMs)
      const guard = drafter.weighsTime ? undefined : new Guard(prospects, passes, maxTokens)
      const log = new DecisionLog()
      const plain = new PlainTime()
      let decision: Decision
      return {
        next(context) {
          // One that weighs its own time is asked always.
          decision = guard?.next(context) ?? { kind: 'draft', most: longest }
          return decision.most
        },
        ...(guard && { goOn: (index, confidence) => guard.goOn(index, confidence) }),
        observe(round) {
          const { draft, verdict, draftMs, passMs, pass, totalMs } = round
          plain.add(round)
          const [drafted, { accepted }] = [draft.tokens.length, verdict]
          // Waiting for others is not the draft's doing.
          const ownMs = totalMs - passMs + (pass?.ms ?? passMs)
          const withheldRight = wasRight(draft, verdict)
          guard?.observe({ drafted, accepted, withheldRight, draftMs, totalMs: ownMs })
          log.add(guard || drafted > 0 ? decision : { kind: 'off', most: 0 }, draft, accepted)
        },
        report() {
          const times = Array.from({ length: 16 }, (_, i) => ({ tokens: i + 1, ms: passes.expected(i + 1) }))
          return {
            ...log.report(),
            acceptance: guard ? prospects.usual(8) : [],
            passes: times,
            plainMs: plain.ms(times),
            askMs: guard ? prospects.askMs : NaN,
            stepMs: guard ? prospects.stepMs : NaN,
          }
        },
      }
    },
  }
}
