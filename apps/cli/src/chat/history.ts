import type { ChatMessage, LanguageModel, TokenId } from '@foretoken/core'

/** A conversation, as the tokens that the model is to go on from. */
export interface Conversation {
  readonly messages: readonly ChatMessage[]
  /** Adds what the user said, and gives the prompt. */
  ask(text: string): readonly TokenId[]
  /** Adds what the model said. */
  answer(text: string): void
  /** Takes back the last thing that the user said. */
  withdraw(): void
  reset(): void
}

/**
 * @param system What the model is told before anything else.
 * @param raw Join what was said as plain text, for models without a chat template.
 */
export function createConversation(model: LanguageModel, system: string | undefined, raw = false): Conversation {
  const first: ChatMessage[] = system === undefined ? [] : [{ role: 'system', content: system }]
  let messages = first
  return {
    get messages() {
      return messages
    },
    ask(text) {
      messages = [...messages, { role: 'user', content: text }]
      const { tokenizer } = model
      if (raw) return tokenizer.encode(messages.map(({ content }) => content).join(''), { start: true })
      return tokenizer.encode(tokenizer.renderChat!(messages), { special: true, start: true })
    },
    answer(text) {
      messages = [...messages, { role: 'assistant', content: text }]
    },
    withdraw() {
      messages = messages.slice(0, -1)
    },
    reset() {
      messages = first
    },
  }
}
