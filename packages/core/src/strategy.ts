import type { LanguageModel, TokenId } from './model.js'
import type { Sampler } from './sampling/chain.js'
import type { Chance } from './sampling/chance.js'
import type { Distribution } from './sampling/distribution.js'
import type { TokenLogprobs } from './sampling/logprobs.js'

/**
 * A way to guess what the target will say next. This is the plugin: a value that is passed to `generate`.
 *
 * A strategy holds what outlives one generation (a draft model, a corpus); `open` makes the {@link Drafter} of one.
 */
export interface DraftStrategy {
  /** As shown to people: `draft-model`, `prompt-lookup`. */
  readonly name: string
  /** @throws `vocabulary-mismatch` when it cannot draft for `init.target`. */
  open(init: DrafterInit): Drafter | Promise<Drafter>
}

export interface DrafterInit {
  /** For its vocabulary and tokenizer. Do not run it: the target's passes are what we are here to save. */
  readonly target: LanguageModel
  /**
   * The caller's sampling chain, response format included. A draft whose q goes through it is accepted more often; one
   * that goes without is as exact.
   */
  readonly sampler: Sampler
  /** The most tokens that may be said. Absent: nobody knows. */
  readonly maxTokens?: number | undefined
}

export interface Drafter {
  /**
   * Proposes what follows `context`: at most `request.maxTokens` tokens, none at all if there is nothing to say.
   *
   * It must be right from ANY context: contexts usually grow by what the last verdict kept, but may jump. What a drafter
   * caches is its private matter. (A model's cache is brought up to date with `reconcile`.)
   */
  propose(context: readonly TokenId[], request: DraftRequest): Draft | Promise<Draft>
  /** Told after each round what became of the draft. `hindsight` is for the length of the call. */
  observe?(verdict: Verdict, hindsight: Hindsight): void
  /** What drafting a token takes, in milliseconds, if that is known before anything was drafted. */
  readonly stepMs?: number | undefined
  /** Set when it weighs its time against what its drafts bring by itself: an automatic length then asks it every time. */
  readonly weighsTime?: boolean | undefined
  dispose?(): void | Promise<void>
}

export interface DraftRequest {
  /** At least 1. */
  readonly maxTokens: number
  /**
   * The randomness of this generation. A sampled draft must be drawn with it, or seeds mean nothing: token i of the draft
   * by `chance.draw(q, context.length + i)`.
   */
  readonly chance: Chance
  /**
   * Asked before each drafted token, in order, with how sure the drafter is of it, in `[0, 1]`; `false` ends the draft
   * before that token. Where q is sampled from, that is `chance.agreement`, or without one the largest probability of q:
   * looking at the token drawn instead would bias the output. Where tokens are certain (a lookup), any honest estimate,
   * or 1 if there is none.
   *
   * A drafter that takes long to find a token may ask first without a confidence: whether the token is worth its time.
   */
  readonly goOn: (index: number, confidence?: number) => boolean
  /** Whether {@link goOn} looks at its second argument, so that a drafter need not compute it otherwise. */
  readonly wantsConfidence: boolean
  readonly signal?: AbortSignal | undefined
}

/** What the target itself thought in the round that is over. */
export interface Hindsight {
  /**
   * The tokens that the target holds likeliest, by its raw logits, likeliest first.
   *
   * @param row Row 0 follows the context, row i the first i tokens of the draft, refused ones included: in
   * `[0, draft.tokens.length]`.
   * @param count How many; an integer, at least 1.
   */
  likeliest(row: number, count: number): TokenId[]
}

/** Drafted tokens x_1 … x_gamma, and what they were drawn from. */
export interface Draft {
  readonly tokens: readonly TokenId[]
  /**
   * q_1 … q_gamma, one for each token: the distribution that the token was really drawn from.
   * Absent: each token was certain (q = 1 on it), as with a lookup or an argmax.
   */
  readonly distributions?: readonly Distribution[] | undefined
  /**
   * The token before which `goOn` ended the draft, if the drafter knows it: should all before it be accepted, the target's
   * next token tells for free whether it was right, and those that are thought not to pay are not given up for good.
   * Only one that would have been certain, or drawn by chance that is tied to positions (`chance.agreement`).
   */
  readonly withheld?: TokenId | undefined
  /** Who drafted it, where a strategy is made of several. For people. */
  readonly by?: string | undefined
}

/** The target's judgement of a draft: keep the first `accepted` tokens, then say `next`. */
export interface Verdict {
  /** In `[0, draft.tokens.length]`. */
  readonly accepted: number
  /** The correction of the first token not accepted, or, when all were, one token more (the bonus). */
  readonly next: TokenId
  /** One for each accepted token and for `next`, when `generate` was asked for them. */
  readonly logprobs?: readonly TokenLogprobs[] | undefined
}
