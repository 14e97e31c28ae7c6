import type { Matcher } from './constrain/constraint.js'
import { ForetokenError } from './errors.js'
import type { GenerateOptions } from './generate.js'
import type { TokenId } from './model.js'
import { createSampler } from './sampling/chain.js'
import { resolveOptions } from './sampling/options.js'
import { block, coupled, greedy, verifiers, type Verifier } from './verify/index.js'
import { withLogprobs } from './verify/with-logprobs.js'

/**
 * Checks what can be checked of a request before it runs: for servers, whose requests wait. The response format is left to
 * `model.constrain`.
 *
 * @returns The prompt's tokens.
 * @throws what `generate()` rejects with: `invalid-argument`, `unsupported`, `context-overflow`.
 */
export function checkRequest(options: GenerateOptions): TokenId[] {
  chooseSeed(options)
  stopStrings(options.stop)
  const prompt = promptTokens(options)
  tokenLimit(options, prompt.length)
  chooseVerifier(options)
  mustRollBack(options)
  createSampler(options, { tokenizer: options.model.tokenizer, promptLength: prompt.length })
  return prompt
}

/** The tokens to go on from. @throws `invalid-argument`, `unsupported` */
export function promptTokens({ model, prompt, messages }: GenerateOptions): TokenId[] {
  if ((prompt === undefined) === (messages === undefined)) {
    throw new ForetokenError('invalid-argument', 'Give either a prompt or messages.')
  }
  let tokens: TokenId[]
  if (messages) {
    if (!model.tokenizer.renderChat) {
      throw new ForetokenError(
        'unsupported',
        `${model.description} has no chat template: give a prompt instead of messages.`,
      )
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
    throw new ForetokenError(
      'invalid-argument',
      `Token ${wrong} of the prompt is not in the vocabulary of ${model.vocabSize}.`,
    )
  }
  return tokens
}

/**
 * The verifier asked for, or the best one for the temperature: a seed promises the same text again, and draft lengths that
 * follow the clock keep that promise with `coupled` alone.
 *
 * @throws `invalid-argument`
 */
export function chooseVerifier(options: GenerateOptions): Verifier {
  const { model, verifier, topLogprobs } = options
  const { temperature } = resolveOptions(options)
  const known = typeof verifier === 'string' && Object.hasOwn(verifiers, verifier) ? verifiers[verifier] : undefined
  if (typeof verifier === 'string' && !known) {
    throw new ForetokenError(
      'invalid-argument',
      `There is no verifier '${verifier}': use one of ${Object.keys(verifiers).join(', ')}.`,
    )
  }
  const chosen =
    known ??
    (verifier as Verifier | undefined) ??
    (temperature === 0 ? greedy : options.seed === undefined ? block : coupled)
  if (typeof chosen.verify !== 'function') {
    throw new ForetokenError('invalid-argument', 'The verifier has no verify(): pass a name, or a Verifier.')
  }
  if (chosen.greedyOnly && temperature !== 0) {
    throw new ForetokenError(
      'invalid-argument',
      `The verifier '${chosen.name}' would change the text at temperature ${temperature}: use block or rejection.`,
    )
  }
  if (topLogprobs !== undefined && !(Number.isInteger(topLogprobs) && topLogprobs >= 0)) {
    throw new ForetokenError('invalid-argument', `topLogprobs is ${topLogprobs}: it must be an integer, 0 or more.`)
  }
  return wantsLogprobs(options) ? withLogprobs(chosen, topLogprobs ?? 0, model.tokenizer) : chosen
}

export function wantsLogprobs({ logprobs, topLogprobs }: GenerateOptions): boolean {
  return logprobs ?? topLogprobs !== undefined
}

/** The seed asked for, or a random one. @throws `invalid-argument` */
export function chooseSeed({ seed }: GenerateOptions): number {
  if (seed === undefined) return Math.floor(Math.random() * 2 ** 32)
  if (Number.isSafeInteger(seed)) return seed
  throw new ForetokenError('invalid-argument', `seed is ${String(seed)}: it must be an integer.`)
}

/** The response format, ready for one text. @throws `unsupported`, `invalid-argument` */
export async function openFormat({ model, responseFormat }: GenerateOptions): Promise<Matcher | undefined> {
  if (responseFormat === undefined) return undefined
  const given: unknown = responseFormat
  if (typeof given !== 'object' || given === null || !('type' in given || 'open' in given)) {
    throw new ForetokenError('invalid-argument', "responseFormat must be an object with a type: { type: 'json' }.")
  }
  if ('open' in responseFormat) return responseFormat.open()
  if (responseFormat.type === 'text') return undefined
  if (!model.constrain) {
    throw new ForetokenError(
      'unsupported',
      `${model.description} cannot constrain its text to a format: leave responseFormat out, or use another backend.`,
    )
  }
  return (await model.constrain(responseFormat)).open()
}

/** @throws `unsupported` */
export function mustRollBack({ model, strategy }: GenerateOptions): void {
  if (!strategy || model.capabilities.rollback !== 'none') return
  throw new ForetokenError(
    'unsupported',
    `${model.description} cannot go back to an earlier token, so drafts cannot be refused: generate without a strategy.`,
  )
}

/** How many tokens may be said. @throws `invalid-argument`, `context-overflow` */
export function tokenLimit({ model, maxTokens }: GenerateOptions, prompt: number): number {
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

/** @throws `invalid-argument` */
export function stopStrings(stop: string | readonly string[] | undefined): readonly string[] {
  const stops = stop === undefined ? [] : typeof stop === 'string' ? [stop] : stop
  if (!Array.isArray(stops) || stops.some((text) => typeof text !== 'string')) {
    throw new ForetokenError('invalid-argument', 'stop must be a text or a list of texts.')
  }
  if (stops.includes(''))
    throw new ForetokenError('invalid-argument', 'A stop string is empty: it would end every text.')
  return stops
}
