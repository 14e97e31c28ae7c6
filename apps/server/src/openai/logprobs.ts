import type { TokenId, Tokenizer } from '@foretoken/core'
import type { PieceToken } from './pieces.js'

/*
 * OpenAI's log-probabilities are the model's own: before temperature, penalties and formats.
 */

/** What stands for a token that cannot come: JSON knows no infinity. */
const impossible = -9999

interface Told {
  readonly token: TokenId
  readonly text: string
  readonly logprob: number
}

/** As chats tell them. */
export function chatLogprobs(tokens: readonly PieceToken[], tokenizer: Tokenizer): object {
  const one = ({ token, text, logprob }: Told): object => ({
    token: text,
    logprob: finite(logprob),
    bytes: [...(tokenizer.bytes?.(token) ?? new TextEncoder().encode(text))],
  })
  return {
    content: told(tokens, tokenizer).map(({ top, ...token }) => ({ ...one(token), top_logprobs: top.map(one) })),
    refusal: null,
  }
}

/** As completions tell them. @param offset Where in the text the first token begins. */
export function completionLogprobs(tokens: readonly PieceToken[], tokenizer: Tokenizer, offset: number) {
  const all = told(tokens, tokenizer)
  const offsets: number[] = []
  for (const { text } of all) {
    offsets.push(offset)
    offset += text.length
  }
  return {
    tokens: all.map(({ text }) => text),
    token_logprobs: all.map(({ logprob }) => finite(logprob)),
    top_logprobs: all.map(({ top }) => Object.fromEntries(top.map(({ text, logprob }) => [text, finite(logprob)]))),
    text_offset: offsets,
  }
}

function told(tokens: readonly PieceToken[], tokenizer: Tokenizer): (Told & { readonly top: readonly Told[] })[] {
  return tokens.map(({ token, logprobs }) => ({
    token,
    text: tokenizer.decode([token], { special: true }),
    logprob: logprobs!.raw.logprob,
    top: logprobs!.raw.top,
  }))
}

function finite(logprob: number): number {
  return Math.max(logprob, impossible)
}
