import type { ResponseFormat } from './constrain/format.js'
import { ConstraintTracker } from './constrain/tracker.js'
import { Detokenizer } from './detokenizer.js'
import { ForetokenError } from './errors.js'
import { passTimesOf } from './guard/pass-times.js'
import { automaticLength } from './length/automatic.js'
import { fixedLength } from './length/fixed.js'
import type { LengthPolicy } from './length/policy.js'
import { Metrics, type GenerateStats } from './metrics.js'
import type { ChatMessage, LanguageModel, Sequence, TokenId } from './model.js'
import { readPrompt, type PromptEvent } from './read-prompt.js'
import {
  chooseSeed,
  chooseVerifier,
  mustRollBack,
  openFormat,
  promptTokens,
  stopStrings,
  tokenLimit,
  wantsLogprobs,
} from './request.js'
import { createChance } from './sampling/chance.js'
import { createSampler } from './sampling/chain.js'
import type { TokenLogprobs } from './sampling/logprobs.js'
import type { SamplingOptions } from './sampling/options.js'
import { openShielded } from './shield.js'
import { speculate, type Round } from './speculate.js'
import { StopMatcher } from './stop.js'
import type { Drafter, DraftStrategy } from './strategy.js'
import type { Verifier, VerifierName } from './verify/index.js'

export interface GenerateOptions extends SamplingOptions {
  /** The target: the model whose words are wanted. */
  readonly model: LanguageModel
  /** Text or tokens to go on from. Either this or {@link messages}. */
  readonly prompt?: string | readonly TokenId[]
  /** A conversation, written out by the model's own chat template. */
  readonly messages?: readonly ChatMessage[]
  /** Who drafts. Without one the target decodes plainly. */
  readonly strategy?: DraftStrategy | undefined
  /** How much is drafted in a round. Default: `automaticLength()`, which drafts what pays. */
  readonly length?: LengthPolicy | undefined
  /**
   * How drafts are judged, by name or by value. Default: `greedy` at temperature 0; above, `block`, which accepts most, or
   * with a {@link seed} `coupled`, whose text depends on the seed alone, whoever drafts and however much. What is `lossy`
   * changes the text.
   */
  readonly verifier?: VerifierName | Verifier | undefined
  /** What the text has to look like: JSON, a grammar, a regular expression, one of several texts. Default: free text. */
  readonly responseFormat?: ResponseFormat | undefined
  /** Whether to tell how probable each token was. Default: `false`, or `true` with {@link topLogprobs}. */
  readonly logprobs?: boolean | undefined
  /** How many alternatives to tell for each token, with their probabilities. An integer, 0 or more. Default 0. */
  readonly topLogprobs?: number | undefined
  /** The most tokens to say, at least 1. Default: as many as the context holds. */
  readonly maxTokens?: number | undefined
  /** Ends the text before the first occurrence of any of these. */
  readonly stop?: string | readonly string[] | undefined
  /**
   * An integer. The same seed and settings give the same text (with `block` and `rejection` only as long as the drafts are
   * the same too). Default: a random one, told in the result.
   */
  readonly seed?: number | undefined
  /** Ends the generation within one round; iteration and `result()` reject with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** A sequence of `model` to use and leave open. What it holds of the prompt is not computed again. */
  readonly sequence?: Sequence | undefined
}

/** Where a token came from. */
export type TokenOrigin =
  /** Drafted, and the target agreed. */
  | 'accepted'
  /** The target's own, in place of a drafted token that it refused. */
  | 'corrected'
  /** The target's own, after a draft that it accepted whole. */
  | 'bonus'
  /** The target's own, in a round without a draft. */
  | 'plain'

export type GenerateEvent =
  /** `text` is what can be shown now: it may be empty, and lag behind the tokens, as characters and stop strings complete. */
  | {
      readonly type: 'token'
      readonly token: TokenId
      readonly text: string
      readonly origin: TokenOrigin
      /** Where it is `corrected`: the drafted tokens that were dropped, first the one that it stands in place of. */
      readonly refused?: readonly TokenId[]
      /** When `logprobs` were asked for. */
      readonly logprobs?: TokenLogprobs
    }
  /** Before the first token, for prompts of more than 512 tokens that the sequence does not hold yet. */
  | PromptEvent
  /** Something went wrong that did not harm the text. */
  | { readonly type: 'warning'; readonly text: ''; readonly warning: ForetokenError }
  /** The last event. `text` is what was still held back. */
  | { readonly type: 'finish'; readonly text: string; readonly result: GenerateResult }

/** `end`: the model ended its text. `stop`: a stop string. `length`: `maxTokens`, or the context is full. */
export type FinishReason = 'end' | 'stop' | 'length'

export interface GenerateResult {
  readonly text: string
  /** The tokens said, without the one that ended the text. */
  readonly tokens: readonly TokenId[]
  readonly finishReason: FinishReason
  /** Together with {@link verifier} it gives the text again, where the drafts are the same or the verifier is `coupled`. */
  readonly seed: number
  /** The verifier that judged the drafts. */
  readonly verifier: string
  /** Whether that verifier may have changed the text: `true` only for one whose name says lossy. */
  readonly lossy: boolean
  /** One for each of {@link tokens}, when they were asked for. */
  readonly logprobs?: readonly TokenLogprobs[]
  readonly warnings: readonly ForetokenError[]
  readonly stats: GenerateStats
}

/** A generation under way. It computes as it is iterated over: a reader that waits makes it wait. */
export interface Generation extends AsyncIterable<GenerateEvent> {
  /** What was said so far. It stays when the generation fails or is aborted, so that nothing is lost. */
  readonly text: string
  /** The tokens said so far: without those that read the prompt, and without the one that ends the text. */
  readonly tokens: readonly TokenId[]
  /** Runs to the end and gives the result. Can be called before, after or instead of iterating. */
  result(): Promise<GenerateResult>
}

/**
 * Generates text with the target's own distribution, drafted by `options.strategy`.
 *
 * Errors reject the iteration and `result()`: `invalid-argument`, `context-overflow` (the prompt does not fit),
 * `vocabulary-mismatch`, `disposed`, `runtime`, or the signal's reason.
 */
export function generate(options: GenerateOptions): Generation {
  const events = run(options)
  const tokens: TokenId[] = []
  let text = ''
  let finished: GenerateResult | undefined
  const next = async (): Promise<IteratorResult<GenerateEvent>> => {
    const step = await events.next()
    if (step.done) return step
    text += step.value.text
    if (step.value.type === 'token') tokens.push(step.value.token)
    if (step.value.type === 'finish') finished = step.value.result
    return step
  }
  return {
    get text() {
      return text
    },
    tokens,
    [Symbol.asyncIterator]: () => ({ next, return: () => events.return(undefined) }),
    async result() {
      while (!finished) {
        const step = await next()
        if (step.done && !finished)
          throw new ForetokenError('disposed', 'The generation was ended before it had a result.')
      }
      return finished
    },
  }
}

async function* run(options: GenerateOptions): AsyncGenerator<GenerateEvent, undefined> {
  const { model, signal, strategy } = options
  const seed = chooseSeed(options)
  const stops = new StopMatcher(stopStrings(options.stop))
  const context = promptTokens(options)
  const promptLength = context.length
  const limit = tokenLimit(options, promptLength)
  const verifier = chooseVerifier(options)
  mustRollBack(options)
  signal?.throwIfAborted()

  const metrics = new Metrics()
  const warnings: ForetokenError[] = []
  let warned = 0
  const told: TokenLogprobs[] = []
  let kept = promptLength
  let text = ''
  let finishReason: FinishReason | undefined
  let finish: GenerateEvent
  let drafter = silent
  const matcher = await openFormat(options)
  const tracker = matcher && new ConstraintTracker(matcher, promptLength, (token) => model.tokenizer.isEnd(token))
  let target = options.sequence
  try {
    const sampler = createSampler(options, { tokenizer: model.tokenizer, promptLength, tracker })
    target ??= await model.createSequence()
    if (strategy) {
      drafter = await openShielded(strategy, Object.freeze({ target: model, sampler, maxTokens: limit }), {
        vocabSize: model.vocabSize,
        // The first draft may have the whole prompt to read.
        patienceMs: () => 10_000 + 20 * context.length,
        warn: (warning) => warnings.push(warning),
        signal,
      })
    }

    yield* readPrompt(target, context, metrics, signal)

    const policy = strategy ? (options.length ?? automaticLength()) : fixedLength(0)
    const length = policy.open({ target: model, strategy: strategy ?? none, drafter, maxTokens: limit })
    const passes = passTimesOf(model)
    const words = new Detokenizer(model.tokenizer, context)
    // A round says one token more than it drafts.
    const room = (): number => promptLength + limit - context.length - 1
    const chance = (verifier.chance ?? createChance)(seed)
    for await (const round of speculate({
      target,
      context,
      drafter,
      length,
      sampler,
      verifier,
      chance,
      signal,
      room,
    })) {
      metrics.add(round)
      passes.observeRound(round.draft.tokens.length + 1, round.passMs, round.pass)
      while (warned < warnings.length) yield { type: 'warning', text: '', warning: warnings[warned++]! }

      for (const { token, origin, refused, logprobs } of tokensOf(round)) {
        if (model.tokenizer.isEnd(token)) {
          finishReason = 'end'
          break
        }
        kept++
        const match = stops.push(words.push(token))
        text += match.text
        if (logprobs) told.push(logprobs)
        yield {
          type: 'token',
          token,
          text: match.text,
          origin,
          ...(refused && { refused }),
          ...(logprobs && { logprobs }),
        }
        if (match.stop !== undefined) finishReason = 'stop'
        else if (kept - promptLength === limit) finishReason = 'length'
        if (finishReason) break
      }
      if (finishReason) break
      signal?.throwIfAborted()
    }

    // What was held back, as it might have become a character or a stop string.
    const shown = text.length
    if (finishReason !== 'stop') {
      const rest = stops.push(words.flush())
      if (rest.stop !== undefined) finishReason = 'stop'
      text += rest.text + stops.flush()
    }
    if (target.length > kept) await target.truncate(kept)
    const tokens = context.slice(promptLength, kept)
    const stats = metrics.stats(promptLength, tokens.length, length.report?.())
    finish = {
      type: 'finish',
      text: text.slice(shown),
      result: {
        text,
        tokens,
        finishReason: finishReason!,
        seed,
        verifier: verifier.name,
        lossy: verifier.lossy ?? false,
        ...(wantsLogprobs(options) && { logprobs: told }),
        warnings,
        stats,
      },
    }
  } finally {
    try {
      await drafter.dispose?.()
      tracker?.dispose()
    } finally {
      if (!options.sequence) await target?.dispose()
    }
  }
  // Last, when everything is put away: a reader may never ask for more.
  yield finish
}

const silent: Drafter = { propose: () => ({ tokens: [] }) }
const none: DraftStrategy = { name: 'none', open: () => silent }

/** The tokens that a round said, and where each came from. */
function* tokensOf({ draft, verdict }: Round) {
  const { accepted, next, logprobs } = verdict
  const origin: TokenOrigin =
    draft.tokens.length === 0 ? 'plain' : accepted === draft.tokens.length ? 'bonus' : 'corrected'
  for (let i = 0; i < accepted; i++) {
    yield { token: draft.tokens[i]!, origin: 'accepted' as const, refused: undefined, logprobs: logprobs?.[i] }
  }
  const refused = origin === 'corrected' ? draft.tokens.slice(accepted) : undefined
  yield { token: next, origin, refused, logprobs: logprobs?.[accepted] }
}
