import type { TokenId } from '../model.js'
import { Distribution } from '../sampling/distribution.js'
import type { Draft, Drafter, DraftRequest, DraftStrategy, DrafterInit } from '../strategy.js'
import { Parts } from './parts.js'

/**
 * `first` drafts what it knows (a lookup); `then` goes on from there (a draft model), up to the length that was asked for.
 *
 * Where the length policy wants `first` to be surer, `then` may be: it is asked if the policy would have more at all.
 */
export function extend(first: DraftStrategy, then: DraftStrategy): DraftStrategy {
  return {
    name: `${first.name} + ${then.name}`,
    async open(init) {
      return new ExtendingDrafter(await Parts.open([first, then], init), init)
    },
  }
}

class ExtendingDrafter implements Drafter {
  constructor(
    private readonly parts: Parts,
    private readonly init: DrafterInit,
  ) {}

  get stepMs(): number | undefined {
    return this.parts.stepMs
  }

  async propose(context: readonly TokenId[], request: DraftRequest): Promise<Draft> {
    const { parts } = this
    const [first, then] = parts.drafters as [Drafter, Drafter]
    parts.begin()
    const head = await first.propose(context, request)
    const { length } = head.tokens
    parts.add(first, head.tokens)
    if (length >= request.maxTokens || this.ends(head)) return head
    if (length > 0 && !request.goOn(length)) return head
    const tail = await then.propose([...context, ...head.tokens], {
      ...request,
      maxTokens: request.maxTokens - length,
      goOn: (index, confidence) => request.goOn(length + index, confidence),
    })
    parts.add(then, tail.tokens)
    return joined(head, tail)
  }

  private ends({ tokens }: Draft): boolean {
    const last = tokens[tokens.length - 1]
    return last !== undefined && this.init.target.tokenizer.isEnd(last)
  }

  observe(...told: Parameters<Parts['observe']>): Promise<void> {
    return this.parts.observe(...told)
  }

  dispose(): Promise<void> {
    return this.parts.dispose()
  }
}

function joined(head: Draft, tail: Draft): Draft {
  const tokens = [...head.tokens, ...tail.tokens]
  const { withheld } = tail
  if (!head.distributions && !tail.distributions) return { tokens, withheld }
  return { tokens, withheld, distributions: [...distributionsOf(head), ...distributionsOf(tail)] }
}

/** Tokens without a distribution are certain. */
function distributionsOf({ tokens, distributions }: Draft): readonly Distribution[] {
  return distributions ?? tokens.map((token) => Distribution.point(token))
}
