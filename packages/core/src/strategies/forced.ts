import { Distribution } from '../sampling/distribution.js'
import type { Draft, Drafter, DraftStrategy } from '../strategy.js'

/**
 * Drafts what the response format forces: `{"name": "` needs no model to be foreseen. It costs next to nothing, and the
 * target can hardly refuse.
 *
 * @param then Who drafts from there on, and where nothing is forced. Default: nobody.
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
  /** How many tokens of the last draft were forced, and whether others followed them. */
  private forced = 0
  private went = false

  constructor(
    private readonly find: (tokens: readonly number[], most: number) => number[],
    private readonly then: Drafter | undefined,
  ) {}

  async propose(...[context, request]: Parameters<Drafter['propose']>): Promise<Draft> {
    const { maxTokens, goOn } = request
    // As far as a draft knows, what is forced is certain.
    const found = this.find(context, maxTokens)
    const end = found.findIndex((_, index) => !goOn(index, 1))
    const tokens = end < 0 ? found : found.slice(0, end)
    this.forced = tokens.length
    this.went = this.then !== undefined && end < 0 && tokens.length < maxTokens
    if (!this.went) return { tokens }

    const rest = await this.then!.propose([...context, ...tokens], {
      ...request,
      maxTokens: maxTokens - tokens.length,
      goOn: (index, confidence) => goOn(tokens.length + index, confidence),
    })
    return {
      tokens: [...tokens, ...rest.tokens],
      distributions: rest.distributions && [...tokens.map((token) => Distribution.point(token)), ...rest.distributions],
    }
  }

  observe(...[verdict]: Parameters<NonNullable<Drafter['observe']>>): void {
    if (this.went) this.then?.observe?.({ ...verdict, accepted: Math.max(0, verdict.accepted - this.forced) })
  }

  dispose(): void | Promise<void> {
    return this.then?.dispose?.()
  }
}
