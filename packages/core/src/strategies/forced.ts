import type { Forced } from '../sampling/chain.js'
import type { TokenId } from '../model.js'
import type { DraftStrategy } from '../strategy.js'
import { asWanted } from './as-wanted.js'
import { extend } from './extend.js'
import { firstOf } from './first-of.js'

/**
 * Drafts what the response format forces: `{"name": "` needs no model to be foreseen.
 *
 * Tokens that are the only ones allowed are certain, and come first. Then `then` is asked. Where it has nothing to say,
 * text that must come is drafted in its usual tokens; a target may spell it in others, and a draft model knows better.
 *
 * @param then Default: nobody.
 */
export function forcedTokens(then?: DraftStrategy): DraftStrategy {
  const usual = forced(({ tokens }) => tokens)
  if (!then) return usual
  const certain = forced(({ tokens, certain }) => tokens.slice(0, certain))
  return { name: `${usual.name}, ${then.name}`, open: extend(certain, firstOf(then, usual)).open }
}

function forced(choose: (forced: Forced) => readonly TokenId[]): DraftStrategy {
  return {
    name: 'forced',
    open: ({ sampler }) => ({
      propose(context, request) {
        const tokens = choose(sampler.forced(context, request.maxTokens))
        // As far as a draft knows, what is forced is sure to come.
        return asWanted(tokens, request, () => 1)
      },
    }),
  }
}
