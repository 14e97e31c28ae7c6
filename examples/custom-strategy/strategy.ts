import type { DraftStrategy, TokenId } from '@foretoken/core'

/** Drafts from memory: after this token, what came last time? */
const bigrams: DraftStrategy = {
  name: 'bigrams',
  open() {
    return {
      propose(context, { maxTokens, goOn }) {
        const followers = new Map<TokenId, TokenId>()
        for (let i = 1; i < context.length; i++) followers.set(context[i - 1]!, context[i]!)
        const tokens: TokenId[] = []
        let next = followers.get(context.at(-1)!)
        // Not sure of itself, and less so with each token: it says so, and is asked to stop where that is not worth a pass.
        while (next !== undefined && tokens.length < maxTokens && goOn(tokens.length, 0.7 ** (tokens.length + 1))) {
          tokens.push(next)
          next = followers.get(next)
        }
        return { tokens }
      },
    }
  },
}

export default bigrams
