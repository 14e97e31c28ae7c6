import type { DraftStrategy, TokenId } from '@foretoken/core'

/** Drafts from memory: after this token, what came last time? It learns while it reads the context. */
const bigrams: DraftStrategy = {
  name: 'bigrams',
  open() {
    const followers = new Map<TokenId, TokenId>()
    return {
      propose(context, { maxTokens }) {
        for (let i = 1; i < context.length; i++) followers.set(context[i - 1]!, context[i]!)
        const tokens: TokenId[] = []
        let next = followers.get(context.at(-1)!)
        while (next !== undefined && tokens.length < maxTokens) {
          tokens.push(next)
          next = followers.get(next)
        }
        return { tokens }
      },
    }
  },
}

export default bigrams
