import { chatRenderer } from '../backend/chat.js'
import type { FormatDescription } from '../constrain/format.js'
import type { ChatMessage, RenderChat, TokenId, Tokenizer, Tool } from '../model.js'
import { toolForm } from './form.js'
import { CallParser, PlainParser, type ToolCallParser } from './parser.js'
import { callsSchema } from './schema.js'

/** A conversation, and what the model may call in its answer. */
export interface Chat {
  readonly messages: readonly ChatMessage[]
  /** No two of one name. Default: none. */
  readonly tools?: readonly Tool[]
  /** What must be called: one of these, which are among {@link tools}. Default: none, the model may answer in words. */
  readonly forced?: readonly Tool[]
  /** Whether there may be several calls in the answer. Default `true`. */
  readonly parallel?: boolean
}

export interface PreparedChat {
  /** What to go on from. */
  readonly prompt: readonly TokenId[]
  /**
   * What the answer has to look like for a call to be in it; takes the place of the request's own format. Absent when the
   * model may answer in words.
   */
  readonly responseFormat?: FormatDescription
  /** For one answer: each choice needs its own. */
  parser(): ToolCallParser
}

/**
 * Writes a chat out for a model, with the tools that it may call.
 *
 * A forced call is valid for its schema: the prompt ends in what opens a call in the model's template, and the answer is
 * held to JSON. Forms that have one marker for each call (Hermes) then have one call, those with lists several.
 *
 * @throws `unsupported` when the template refuses the messages.
 */
export function prepareChat(
  { messages, tools = [], forced = [], parallel = true }: Chat,
  tokenizer: Tokenizer,
): PreparedChat {
  const render = tokenizer.renderChat ?? withoutTemplate
  // Without a template there are no markers; what users write must not become control tokens.
  const encode = (text: string): TokenId[] =>
    tokenizer.encode(text, { special: tokenizer.renderChat !== undefined, start: true })
  if (tools.length === 0) return { prompt: encode(render(messages)), parser: () => new PlainParser() }

  const form = toolForm(tokenizer, render)
  const names = new Set(tools.map(({ name }) => name))
  const prompt = form.render(messages, { tools })
  if (forced.length === 0) {
    return {
      prompt: encode(prompt),
      parser: () => new CallParser({ form, names, parallel, opened: false }),
    }
  }
  const { instead, write } = form.opening
  const base = instead !== '' && prompt.endsWith(instead) ? prompt.slice(0, -instead.length) : prompt
  return {
    prompt: encode(base + write),
    responseFormat: { type: 'json', schema: callsSchema(forced, form, parallel) },
    parser: () => new CallParser({ form, names, parallel, opened: true }),
  }
}

/** For models that were not trained for chats: they go on from what was said. */
const withoutTemplate: RenderChat = chatRenderer(
  () => ({
    render: ({ messages }) => (messages as { content: string }[]).map(({ content }) => content).join('\n'),
  }),
  '',
  '',
)
