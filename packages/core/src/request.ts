import { ForetokenError } from './errors.js'
import type { GenerateOptions } from './generate.js'
import type { TokenId } from './model.js'

/** The tokens to go on from. @throws `invalid-argument`, `unsupported` */
export function promptTokens({ model, prompt, messages }: GenerateOptions): TokenId[] {
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
  if (stops.includes('')) throw new ForetokenError('invalid-argument', 'A stop string is empty: it would end every text.')
  return stops
}
