import { onlyToken, type ConstraintTracker } from '../constrain/tracker.js'
import { ForetokenError } from '../errors.js'
import { kernels } from '../kernels/index.js'
import type { LogitsRows, TokenId, Tokenizer } from '../model.js'
import { Candidates, nothingLeft } from './candidates.js'
import { Distribution } from './distribution.js'
import type { History } from './history.js'
import { mix } from './mix.js'
import { inUse, resolveOptions, type ChainStep, type ResolvedOptions, type SamplingOptions } from './options.js'
import { restriction } from './restrict.js'
import { bias } from './steps/bias.js'
import { dry } from './steps/dry.js'
import { penalties } from './steps/penalties.js'
import { keepTypical } from './steps/typical.js'
import { shrink, topChoices } from './steps/xtc.js'
import { keepMinP, keepTopK, keepTopP } from './truncate.js'

/** What a chain needs to know of the text that it is for. */
export interface SamplerContext {
  /** Needed for `minTokens`, for the breakers of DRY, and to draft forced text. */
  readonly tokenizer?: Tokenizer | undefined
  /** How many of the first tokens are the prompt. Default 0. */
  readonly promptLength?: number | undefined
  /** What the text has to look like. */
  readonly tracker?: ConstraintTracker | undefined
}

/**
 * The sampling chain of one text: raw logits in, the distribution that a token is drawn from out.
 *
 * A function of the logits and of the tokens before the position, and of nothing else: whoever asks, in whatever order,
 * with or without a draft, gets the same distribution. (XTC's coin is folded into it.)
 */
export interface Sampler {
  /** Whether the distribution is a single token (temperature 0), so that {@link argmax} says it all. */
  readonly greedy: boolean
  readonly options: ResolvedOptions
  /**
   * The distribution of the token that follows the first `length` of `tokens`.
   *
   * @param logits Only read.
   * @param length Default: all of `tokens`.
   */
  distribution(logits: Float32Array, tokens: readonly TokenId[], length?: number): Distribution
  /** The token that a greedy sampler takes at `row`. Without penalties or constraints it never touches the logits. */
  argmax(rows: LogitsRows, row: number, tokens: readonly TokenId[], length?: number): TokenId
  /** What the response format forces to follow: at most `most` tokens. */
  forced(tokens: readonly TokenId[], most: number): Forced
  /** The same chain at another temperature. */
  at(temperature: number): Sampler
}

/** What must come next. */
export interface Forced {
  readonly tokens: readonly TokenId[]
  /**
   * How many of them are certain, as no other token is allowed. The rest is text that must come, in its usual tokens; the
   * target may prefer to spell it otherwise.
   */
  readonly certain: number
}

type Step = (candidates: Candidates, history: History) => void

/** @throws `invalid-argument` when an option is out of its range. */
export function createSampler(options: SamplingOptions = {}, context: SamplerContext = {}): Sampler {
  const resolved = resolveOptions(options)
  const { temperature } = resolved
  const { tokenizer, tracker, promptLength = 0 } = context
  checkTokens(resolved, tokenizer)

  const greedy = temperature === 0
  const restrict = restriction({ ...resolved, tokenizer, tracker })
  const order = resolved.order.filter((step) => inUse[step](resolved) && (!greedy || changesLogits(step)))
  const steps = new Map(order.map((name) => [name, makeStep(name, resolved, tokenizer)]))

  /** The rest of the chain, from step `from` on. */
  function run(candidates: Candidates, history: History, from: number): Distribution {
    for (let i = from; i < order.length; i++) {
      steps.get(order[i]!)!(candidates, history)
      if (order[i] !== 'xtc') continue
      const top = topChoices(candidates.distribution, resolved.xtcThreshold)
      if (top.length === 0) continue
      const share = resolved.xtcProbability
      if (i === order.length - 1) return shrink(candidates.distribution, top, share)
      // Both ways through the coin, each as probable as it is: what is left is a plain distribution again.
      const excluded = candidates.fork()
      excluded.exclude(top)
      return mix(share, run(excluded, history, i + 1), run(candidates, history, i + 1))
    }
    return candidates.distribution
  }

  /** Greedy: the logits after everything that changes them. */
  function best(logits: Float32Array, history: History): TokenId {
    const candidates = new Candidates(logits)
    if (restrict.applies(history)) restrict.applyBans(candidates.change(), history)
    for (const step of steps.values()) step(candidates, history)
    const changed = candidates.change()
    const favourite = kernels.argmax(changed)
    // The favourite is nearly always allowed, and to ask for one token is much cheaper than to ask for all.
    if (changed[favourite]! > -Infinity && tracker?.allows(favourite, history.tokens, history.length) !== false) {
      return favourite
    }
    // In the right order: a token that `minTokens` bans may be the only one that the format allows.
    const again = new Candidates(logits)
    restrict.apply(again.change(), history)
    for (const step of steps.values()) step(again, history)
    const allowed = again.change()
    const token = kernels.argmax(allowed)
    if (!(allowed[token]! > -Infinity)) throw nothingLeft(logits)
    return token
  }

  // Strategies are handed it: what they do to it must not reach the target's choice.
  const sampler: Sampler = Object.freeze<Sampler>({
    greedy,
    options: resolved,
    distribution(logits, tokens, length = tokens.length) {
      const history = { tokens, length, promptLength }
      if (greedy) {
        const plain = order.length === 0 && !restrict.applies(history)
        return Distribution.point(plain ? kernels.argmax(logits) : best(logits, history))
      }
      const candidates = new Candidates(logits)
      if (restrict.applies(history)) restrict.apply(candidates.change(), history)
      return run(candidates, history, 0)
    },
    argmax(rows, row, tokens, length = tokens.length) {
      const history = { tokens, length, promptLength }
      if (order.length === 0 && !restrict.applies(history)) return rows.argmax(row)
      return best(rows.row(row), history)
    },
    forced: (tokens, most) =>
      tracker && tokenizer ? findForced(tracker, tokenizer, tokens, most) : { tokens: [], certain: 0 },
    at(other) {
      if (other === temperature) return sampler
      // An order without a temperature has its place for another one behind everything else.
      const { order: given } = resolved
      const complete = given.includes('temperature') ? given : [...given, 'temperature' as const]
      return createSampler({ ...options, temperature: other, order: complete }, context)
    },
  })
  return sampler
}

function changesLogits(step: ChainStep): boolean {
  return step === 'bias' || step === 'penalties' || step === 'dry'
}

function makeStep(name: ChainStep, options: ResolvedOptions, tokenizer: Tokenizer | undefined): Step {
  switch (name) {
    case 'bias':
      return bias(options.logitBias)
    case 'penalties':
      return penalties(options)
    case 'dry':
      return dry(options, tokenizer)
    case 'temperature':
      return (candidates) => candidates.heat(options.temperature)
    case 'topK':
      return (candidates) => candidates.keep(keepTopK(candidates.distribution, options.topK))
    case 'typicalP':
      return (candidates) => candidates.keep(keepTypical(candidates, options.typicalP))
    case 'topP':
      return (candidates) => candidates.keep(keepTopP(candidates.distribution, options.topP))
    case 'minP':
      return (candidates) => candidates.keep(keepMinP(candidates.distribution, options.minP))
    case 'xtc':
      // Splits the way in two: see `run`.
      return () => {}
  }
}

function findForced(
  tracker: ConstraintTracker,
  tokenizer: Tokenizer,
  tokens: readonly TokenId[],
  most: number,
): Forced {
  const all = [...tokens]
  const end = tokens.length + most
  let certain: number | undefined
  while (all.length < end) {
    const mask = tracker.mask(all, all.length)
    if (!mask) break
    const only = onlyToken(mask)
    if (only === undefined) certain ??= all.length - tokens.length
    const next = only === undefined ? tokenizer.encode(tracker.forced(all, all.length)) : [only]
    const before = all.length
    for (const token of next) {
      if (all.length === end || !tracker.allows(token, all, all.length)) break
      all.push(token)
    }
    if (all.length === before) break
  }
  return { tokens: all.slice(tokens.length), certain: certain ?? all.length - tokens.length }
}

/** @throws `invalid-argument` */
function checkTokens({ logitBias, bannedTokens, minTokens }: ResolvedOptions, tokenizer: Tokenizer | undefined): void {
  if (!tokenizer) {
    if (minTokens === 0) return
    throw new ForetokenError('invalid-argument', 'minTokens needs to know which tokens end a text: pass the tokenizer.')
  }
  for (const token of [...Object.keys(logitBias).map(Number), ...bannedTokens]) {
    if (token < tokenizer.vocabSize) continue
    throw new ForetokenError(
      'invalid-argument',
      `logitBias and bannedTokens name token ${token}, but the vocabulary has ${tokenizer.vocabSize}.`,
    )
  }
}
