import type { Forced } from '../sampling/chain.js'
import { Distribution } from '../sampling/distribution.js'
import type { TokenId } from '../model.js'
import type { Draft, Drafter, DraftRequest, DraftStrategy } from '../strategy.js'

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
  /** How many tokens stand before those of `then` in the last draft; undefined when none of it is its own. */
  private before: number | undefined

  constructor(
    private readonly find: (tokens: readonly TokenId[], most: number) => Forced,
    private readonly then: Drafter | undefined,
  ) {}

  async propose(...[context, request]: Parameters<Drafter['propose']>): Promise<Draft> {
    const { maxTokens, goOn } = request
    this.before = undefined
    const forced = this.find(context, maxTokens)
    // As far as a draft knows, what is forced is sure to come.
    const allowed = (from: number, to: number): number => {
      let length = from
      while (length < to && goOn(length, 1)) length++
      return length
    }
    const length = allowed(0, forced.certain)
    const certain = forced.tokens.slice(0, length)
    if (length < forced.certain || length === maxTokens) return { tokens: certain }
    const rest = await this.ask(context, certain, request)
    if (rest && rest.tokens.length > 0) {
      const points = certain.map((token) => Distribution.point(token))
      return {
        tokens: [...certain, ...rest.tokens],
        distributions: rest.distributions && [...points, ...rest.distributions],
      }
    }
    this.before = undefined
    return { tokens: forced.tokens.slice(0, allowed(length, forced.tokens.length)) }
  }

  /** What `then` says after the certain tokens. */
  private async ask(context: readonly TokenId[], certain: readonly TokenId[], request: DraftRequest) {
    if (!this.then) return undefined
    this.before = certain.length
    return this.then.propose([...context, ...certain], {
      ...request,
      maxTokens: request.maxTokens - certain.length,
      goOn: (index, confidence) => request.goOn(certain.length + index, confidence),
    })
  }

  observe(...[verdict, hindsight]: Parameters<NonNullable<Drafter['observe']>>): void {
    const { before } = this
    if (before === undefined) return
    this.then?.observe?.(
      { ...verdict, accepted: Math.max(0, verdict.accepted - before) },
      { likeliest: (row, count) => hindsight.likeliest(row + before, count) },
    )
  }

  dispose(): void | Promise<void> {
    return this.then?.dispose?.()
  }
}
