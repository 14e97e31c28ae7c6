import { type Decision, Guard } from '../guard/guard.js'
import { passTimesOf } from '../guard/pass-times.js'
import { Prospects } from '../guard/prospects.js'
import { DecisionLog } from '../guard/report.js'
import type { LanguageModel } from '../model.js'
import type { DraftStrategy } from '../strategy.js'
import type { LengthPolicy } from './policy.js'

/** Beyond this, waiting for the draft to be written and thrown away costs more than the few texts that are so easy gain. */
const longest = 48

/**
 * Drafts as much as pays, on this machine, in this text: see {@link Guard}. Nothing where nothing pays.
 *
 * What it learns of a strategy in front of a target (how often it is right, what a token costs, how long passes take) is
 * kept for the next generation, for as long as both live.
 */
export function automaticLength(): LengthPolicy {
  return {
    name: 'automatic',
    max: longest,
    open({ target, strategy, drafter }) {
      const passes = passTimesOf(target)
      const prospects = prospectsOf(strategy, target, drafter.stepMs)
      const guard = new Guard(prospects, passes, longest)
      const log = new DecisionLog()
      let decision: Decision
      return {
        next: () => (decision = guard.next()).most,
        goOn: (index, confidence) => guard.goOn(index, confidence),
        observe({ draft, verdict, draftMs, totalMs }) {
          const [drafted, { accepted }] = [draft.tokens.length, verdict]
          guard.observe({ drafted, accepted, draftMs, totalMs })
          log.add(decision, drafted, accepted)
        },
        report: () => ({
          ...log,
          acceptance: prospects.usual(8),
          passes: Array.from({ length: 16 }, (_, i) => ({ tokens: i + 1, ms: passes.expected(i + 1) })),
          askMs: prospects.askMs,
          stepMs: prospects.stepMs,
        }),
      }
    },
  }
}

const known = new WeakMap<DraftStrategy, WeakMap<LanguageModel, Prospects>>()

function prospectsOf(strategy: DraftStrategy, target: LanguageModel, stepMs: number | undefined): Prospects {
  const ofTargets = known.get(strategy) ?? new WeakMap<LanguageModel, Prospects>()
  known.set(strategy, ofTargets)
  const prospects = ofTargets.get(target) ?? new Prospects(stepMs)
  ofTargets.set(target, prospects)
  return prospects
}
