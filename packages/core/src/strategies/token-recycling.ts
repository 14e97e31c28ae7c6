import type { TokenId } from '../model.js'
import type { Draft, Drafter, DraftRequest, DraftStrategy, Hindsight, Verdict } from '../strategy.js'
import { assertVocabulary } from './one-vocabulary.js'
import { Successors } from './token-recycling/successors.js'

/**
 * Drafts, after each token, what the target last held likeliest after it, be it in a draft that was refused: token
 * recycling (Luo et al., 2408.08696). It begins with nothing and learns from every round, for all later generations too.
 *
 * The paper keeps several successors of a token, for a tree of drafts. One line needs the first alone: 8 bytes for each token
 * of the vocabulary, 256 KB for 32,000. `open` throws `vocabulary-mismatch` for a target of another vocabulary than the first.
 */
export function tokenRecycling(): DraftStrategy {
  let learned: { readonly fingerprint: string; readonly successors: Successors } | undefined
  return {
    name: 'recycling',
    open({ target }) {
      learned ??= { fingerprint: target.tokenizer.fingerprint, successors: new Successors(target.vocabSize) }
      assertVocabulary(learned.fingerprint, target)
      return new RecyclingDrafter(learned.successors)
    },
  }
}

class RecyclingDrafter implements Drafter {
  /** The last token of the context and the draft after it. */
  private line: TokenId[] = []

  constructor(private readonly successors: Successors) {}

  propose(context: readonly TokenId[], { maxTokens, goOn }: DraftRequest): Draft {
    const { successors } = this
    const line = [context[context.length - 1]!]
    let withheld: TokenId | undefined
    while (line.length <= maxTokens) {
      const token = line[line.length - 1]!
      const next = successors.of(token)
      if (next === undefined) break
      if (!goOn(line.length - 1, successors.trust(token))) {
        withheld = next
        break
      }
      line.push(next)
    }
    this.line = line
    return { tokens: line.slice(1), withheld }
  }

  observe({ accepted, next }: Verdict, hindsight: Hindsight): void {
    const { line, successors } = this
    line.forEach((token, row) => {
      if (row <= accepted) successors.judge(token, row < accepted ? line[row + 1]! : next)
      const [likeliest] = hindsight.likeliest(row, 1)
      if (likeliest !== undefined) successors.learn(token, likeliest)
    })
    // Should nobody ask for a draft, the next round begins with this.
    this.line = [next]
  }
}
