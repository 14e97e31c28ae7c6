import type { TokenId } from '../model.js'
import type { Draft, Drafter, DraftRequest, DraftStrategy } from '../strategy.js'
import { asWanted } from './as-wanted.js'
import { commonLength } from './common-length.js'
import { findPlace } from './prediction/place.js'
import { Trust } from './prediction/trust.js'
import { tokensOf } from './tokens-of.js'

/** What the output is expected to be: a text, or the target's tokens. */
export type Prediction = { readonly text: string } | { readonly tokens: readonly TokenId[] }

/**
 * Drafts what the caller expects the output to be, from its start: a file that is to be edited a little. Where the target
 * says something else, its place is found again by the last tokens.
 *
 * `open` throws `vocabulary-mismatch` when the target has no such token.
 */
export function prediction(expected: Prediction): DraftStrategy {
  return {
    name: 'prediction',
    open: ({ target }) => new PredictionDrafter(tokensOf('text' in expected ? expected.text : expected.tokens, target)),
  }
}

/** A place that was wrong before so many tokens of it had come is not taken for one. */
const credible = 3

class PredictionDrafter implements Drafter {
  private readonly trust = new Trust()
  /** The context as far as it was read, and how long it was when the prediction began. */
  private text: TokenId[] = []
  private start = Infinity
  /** Of the token that comes next, in the prediction; undefined while it is lost. */
  private place: number | undefined = 0
  /** Where it was last followed for some tokens. */
  private left = 0
  /** How many tokens in a row have come as predicted. */
  private run = 0

  constructor(private readonly expected: readonly TokenId[]) {}

  propose(context: readonly TokenId[], request: DraftRequest): Draft {
    this.catchUp(context)
    if (this.place === undefined) return { tokens: [] }
    const tokens = this.expected.slice(this.place, this.place + request.maxTokens)
    return asWanted(tokens, request, (index) => this.trust.confidence(this.run + index))
  }

  private catchUp(context: readonly TokenId[]): void {
    const common = commonLength(this.text, context)
    if (common < this.text.length || common < this.start) {
      // Another text, or an earlier one: from its start.
      if (common < this.start) this.start = context.length
      this.text = context.slice(0, this.start)
      this.place = this.left = this.run = 0
    }
    for (let i = this.text.length; i < context.length; i++) this.read(context[i]!)
  }

  private read(token: TokenId): void {
    const { expected, place, text } = this
    text.push(token)
    if (place !== undefined && place < expected.length) {
      const came = expected[place] === token
      this.trust.learn(this.run, came)
      if (came) {
        this.place = place + 1
        this.run++
        return
      }
    }
    if (place !== undefined && this.run >= credible) this.left = place
    this.run = 0
    this.place = findPlace(expected, text, this.left)
  }
}
