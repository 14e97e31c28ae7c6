import type { Forced } from '../sampling/chain.js'
import { Distribution } from '../sampling/distribution.js'
import type { Draft, Drafter, DraftStrategy } from '../strategy.js'

/**
 * Drafts what the response format forces: `{"name": "` needs no model to be foreseen.
 *
 * Tokens that are the only ones allowed are certain, and come first. Then `then` is asked. Where it has nothing to say,
 * text that must come is drafted in its usual tokens; a target may spell it in others, and a draft model knows better.
 *
 * @param then Default: nobody.
 */
export function forcedTokens(then?: DraftStrategy): DraftStrategy {
  return {
    name: then ? `forced, ${then.name}` : 'forced',
    async open(init) {
      return new ForcedDrafter((tokens, most) => init.sampler.forced(tokens, most), await then?.open(init))
    },
  }
}

class ForcedDrafter implements Drafter {
  /** How many tokens stood before the last draft of `then`; undefined when it was not asked. */
  private before: number | undefined

  constructor(
    private readonly find: (tokens: readonly number[], most: number) => Forced,
    private readonly then: Drafter | undefined,
  ) {}

  async propose(...[context, request]: Parameters<Drafter['propose']>): Promise<Draft> {
    const { maxTokens, goOn } = request
    this.before = undefined
    const forced = this.find(context, maxTokens)
    // As far as a draft knows, what is forced is sure to come.
    let length = 0
    while (length < forced.tokens.length && goOn(length, 1)) length++
    const certain = forced.tokens.slice(0, forced.certain)
    const tokens = forced.tokens.slice(0, length)
    if (!this.then || length < certain.length || certain.length === maxTokens) return { tokens }

    this.before = certain.length
    const rest = await this.then.propose([...context, ...certain], {
      ...request,
      maxTokens: maxTokens - certain.length,
      goOn: (index, confidence) => goOn(certain.length + index, confidence),
    })
    if (rest.tokens.length === 0) return { tokens }
    return {
      tokens: [...certain, ...rest.tokens],
      distributions: rest.distributions && [
        ...certain.map((token) => Distribution.point(token)),
        ...rest.distributions,
      ],
    }
  }

  observe(...[verdict]: Parameters<NonNullable<Drafter['observe']>>): void {
    if (this.before === undefined) return
    this.then?.observe?.({ ...verdict, accepted: Math.max(0, verdict.accepted - this.before) })
  }

  dispose(): void | Promise<void> {
    return this.then?.dispose?.()
  }
}
