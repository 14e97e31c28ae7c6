import { ForetokenError } from '../errors.js'
import type { TokenId } from '../model.js'
import type { Draft, Drafter, DraftRequest, DraftStrategy } from '../strategy.js'
import { Parts } from './parts.js'

/**
 * Asks each strategy in turn; the first that proposes anything drafts this round. Put the one that is most certain first: a
 * lookup that finds something, then a draft model.
 *
 * One that stops before its first token, as its confidence is too low for the length policy, has proposed nothing.
 *
 * @throws `invalid-argument` when there is none.
 */
export function firstOf(...strategies: readonly DraftStrategy[]): DraftStrategy {
  if (strategies.length === 0) {
    throw new ForetokenError('invalid-argument', 'There is nobody to ask: pass firstOf at least one strategy.')
  }
  return {
    name: strategies.map(({ name }) => name).join(' > '),
    async open(init) {
      const names = strategies.map(({ name }) => name)
      return new FirstDrafter(await Parts.open(strategies, init), names)
    },
  }
}

class FirstDrafter implements Drafter {
  constructor(
    private readonly parts: Parts,
    private readonly names: readonly string[],
  ) {}

  get stepMs(): number | undefined {
    return this.parts.stepMs
  }

  async propose(context: readonly TokenId[], request: DraftRequest): Promise<Draft> {
    const { parts } = this
    parts.begin()
    for (const [i, drafter] of parts.drafters.entries()) {
      const draft = await drafter.propose(context, request)
      parts.add(drafter, draft.tokens)
      if (draft.tokens.length > 0) return { ...draft, by: draft.by ?? this.names[i] }
    }
    return { tokens: [] }
  }

  observe(...told: Parameters<Parts['observe']>): Promise<void> {
    return this.parts.observe(...told)
  }

  dispose(): Promise<void> {
    return this.parts.dispose()
  }
}
