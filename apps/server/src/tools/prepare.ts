import type { Tokenizer } from '@foretoken/core'
import { prepareChat as prepare, type PreparedChat } from '@foretoken/core/chat'
import { type ChatRequest, chatMessages, toolUse } from './request.js'

/**
 * Writes OpenAI's request out for a model: core's `prepareChat` tells how. A forced call is one whose `tool_choice` is
 * `required` or names a function.
 *
 * @throws `invalid-argument` when the request contradicts itself, `unsupported` when the template refuses the messages.
 */
export function prepareChat(request: ChatRequest, tokenizer: Tokenizer): PreparedChat {
  return prepare({ messages: chatMessages(request.messages), ...toolUse(request) }, tokenizer)
}
