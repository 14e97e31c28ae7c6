import { Detokenizer } from './detokenizer.js'
import { ForetokenError } from './errors.js'
import { fixedLength } from './length/fixed.js'
import type { LengthPolicy } from './length/policy.js'
import { Metrics, type GenerateStats } from './metrics.js'
import type { ChatMessage, LanguageModel, Sequence, TokenId } from './model.js'
import { reconcile } from './reconcile.js'
import { createChance } from './sampling/chance.js'
import { createSampler, type SamplingOptions } from './sampling/chain.js'
import { shield } from './shield.js'
import { speculate, type Round } from './speculate.js'
import { StopMatcher } from './stop.js'
import type { Drafter, DraftStrategy } from './strategy.js'
import { block } from './verify/block.js'
import { greedy } from './verify/greedy.js'
import type { Verifier } from './verify/verifier.js'

export interface GenerateOptions extends SamplingOptions {
  /** The target: the model whose words are wanted. */
  readonly model: LanguageModel
  /** Text or tokens to go on from. Either this or {@link messages}. */
  readonly prompt?: string | readonly TokenId[]
  /** A conversation, written out by the model's own chat template. */
  readonly messages?: readonly ChatMessage[]
  /** Who drafts. Without one the target decodes plainly. */
  readonly strategy?: DraftStrategy | undefined
  /** How much is drafted in a round. Default: `fixedLength(4)`. */
  readonly length?: LengthPolicy | undefined
  /** Default: `greedy` at temperature 0, `block` above. */
  readonly verifier?: Verifier | undefined
  /** The most tokens to say, at least 1. Default: as many as the context holds. */
  readonly maxTokens?: number | undefined
  /** Ends the text before the first occurrence of any of these. */
  readonly stop?: string | readonly string[] | undefined
  /** An integer. The same seed and settings give the same text. Default: a random one, told in the result. */
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
  | { readonly type: 'token'; readonly token: TokenId; readonly text: string; readonly origin: TokenOrigin }
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
  readonly seed: number
  readonly warnings: readonly ForetokenError[]
  readonly stats: GenerateStats
}

/** A generation under way. It computes as it is iterated over: a reader that waits makes it wait. */
export interface Generation extends AsyncIterable<GenerateEvent> {
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
  let finished: GenerateResult | undefined
  const next = async (): Promise<IteratorResult<GenerateEvent>> => {
    const step = await events.next()
    if (step.value?.type === 'finish') finished = step.value.result
    return step
  }
  return {
    [Symbol.asyncIterator]: () => ({ next, return: () => events.return(undefined) }),
    async result() {
      while (!finished) {
        const step = await next()
        if (step.done && !finished) throw new ForetokenError('disposed', 'The generation was ended before it had a result.')
      }
      return finished
    },
  }
}

async function* run(options: GenerateOptions): AsyncGenerator<GenerateEvent, undefined> {
  const { model, signal, strategy } = options
  const sampler = createSampler(options)
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 32)
  const stops = new StopMatcher(checkedStops(options.stop))
  const context = promptTokens(options)
  const limit = checkedLimit(options, context.length)
  const verifier = options.verifier ?? (sampler.greedy ? greedy : block)
  const length = (strategy ? (options.length ?? fixedLength(4)) : fixedLength(0)).open()
  signal?.throwIfAborted()

  const promptLength = context.length
  const metrics = new Metrics()
  const warnings: ForetokenError[] = []
  let untold = 0
  let drafter: Drafter = { propose: () => ({ tokens: [] }) }
  const target = options.sequence ?? (await model.createSequence())
  let kept = promptLength
  try {
    if (strategy) {
      drafter = shield(await strategy.open({ target: model, sampler }), {
        vocabSize: model.vocabSize,
        // The first draft may have the whole prompt to read, as the target had.
        patienceMs: () => 10_000 + metrics.prefillMs,
        warn: (warning) => warnings.push(warning),
      })
    }

    const started = performance.now()
    const missing = await reconcile(target, context)
    metrics.cachedTokens = promptLength - missing.length
    if (missing.length > 1) await target.forward(missing.slice(0, -1), { outputs: 'none', signal })
    metrics.prefillMs = performance.now() - started

    const words = new Detokenizer(model.tokenizer, context)
    // A round says one token more than it drafts, and the last one said needs no place in the cache.
    const room = (): number => promptLength + limit - context.length - 1
    const chance = createChance(seed)
    let text = ''
    for await (const round of speculate({ target, context, drafter, length, sampler, verifier, chance, signal, room })) {
      metrics.add(round)
      while (untold < warnings.length) yield { type: 'warning', text: '', warning: warnings[untold++]! }

      for (const [token, origin] of tokensOf(round)) {
        let reason: FinishReason | undefined
        let shown = ''
        if (model.tokenizer.isEnd(token)) {
          reason = 'end'
        } else {
          kept++
          const match = stops.push(words.push(token))
          shown = match.text
          if (match.stop !== undefined) reason = 'stop'
          else if (kept - promptLength === limit) reason = 'length'
          text += shown
          yield { type: 'token', token, text: shown, origin }
        }
        if (reason === undefined) continue

        const rest = reason === 'stop' ? { text: '' } : stops.push(words.flush())
        const last = rest.text + (reason === 'stop' || rest.stop !== undefined ? '' : stops.flush())
        text += last
        yield {
          type: 'finish',
          text: last,
          result: {
            text,
            tokens: context.slice(promptLength, kept),
            finishReason: rest.stop === undefined ? reason : 'stop',
            seed,
            warnings,
            stats: metrics.stats(promptLength, kept - promptLength),
          },
        }
        return
      }
      signal?.throwIfAborted()
    }
  } finally {
    await drafter.dispose?.()
    if (!options.sequence) await target.dispose()
    else if (target.length > kept && !signal?.aborted) await target.truncate(kept)
  }
}

/** The tokens that a round said, and where each came from. */
function* tokensOf({ draft, verdict }: Round): Generator<[TokenId, TokenOrigin]> {
  for (let i = 0; i < verdict.accepted; i++) yield [draft.tokens[i]!, 'accepted']
  const whole = verdict.accepted === draft.tokens.length
  yield [verdict.next, draft.tokens.length === 0 ? 'plain' : whole ? 'bonus' : 'corrected']
}

function promptTokens({ model, prompt, messages }: GenerateOptions): TokenId[] {
  if ((prompt === undefined) === (messages === undefined)) {
    throw new ForetokenError('invalid-argument', 'Give either a prompt or messages.')
  }
  let tokens: TokenId[]
  if (messages) {
    if (!model.tokenizer.renderChat) {
      throw new ForetokenError('unsupported', `${model.description} has no chat template: give a prompt instead of messages.`)
    }
    tokens = model.tokenizer.encode(model.tokenizer.renderChat(messages), { special: true, start: true })
  } else if (typeof prompt === 'string') {
    tokens = model.tokenizer.encode(prompt, { start: true })
  } else {
    tokens = [...prompt!]
  }
  if (tokens.length === 0) throw new ForetokenError('invalid-argument', 'The prompt is empty: give at least one token.')
  const wrong = tokens.find((token) => !Number.isInteger(token) || token < 0 || token >= model.vocabSize)
  if (wrong !== undefined) {
    throw new ForetokenError('invalid-argument', `Token ${wrong} of the prompt is not in the vocabulary of ${model.vocabSize}.`)
  }
  return tokens
}

/** How many tokens may be said. */
function checkedLimit({ model, maxTokens }: GenerateOptions, prompt: number): number {
  if (maxTokens !== undefined && !(Number.isInteger(maxTokens) && maxTokens > 0)) {
    throw new ForetokenError('invalid-argument', `maxTokens is ${maxTokens}: it must be an integer, at least 1.`)
  }
  if (prompt > model.contextLength) {
    throw new ForetokenError(
      'context-overflow',
      `The prompt has ${prompt} tokens, but the context holds ${model.contextLength}: shorten it, or load the model with a larger context.`,
    )
  }
  // The token after a full context can still be said.
  return Math.min(maxTokens ?? Infinity, model.contextLength - prompt + 1)
}

function checkedStops(stop: string | readonly string[] | undefined): readonly string[] {
  const stops = stop === undefined ? [] : typeof stop === 'string' ? [stop] : stop
  if (stops.includes('')) throw new ForetokenError('invalid-argument', 'A stop string is empty: it would end every text.')
  return stops
}
