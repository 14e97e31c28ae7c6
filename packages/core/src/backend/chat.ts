import { ForetokenError } from '../errors.js'
import type { ChatMessage } from '../model.js'

/** A chat template as a template engine has compiled it (`Template` of `@huggingface/jinja`). */
export interface ChatTemplate {
  render(values: Record<string, unknown>): string
}

/**
 * What `Tokenizer.renderChat` has to be, for a model that brings a template along.
 *
 * @param compile Called when the first chat is written: a template that cannot be read must not keep the model from being
 * loaded.
 * @param start The text of the model's start token, which templates write out. `encode` does not double it.
 * @param end The text of its end token.
 * @returns A function that throws `unsupported` when the template refuses the messages.
 */
export function chatRenderer(
  compile: () => ChatTemplate,
  start: string,
  end: string,
): (messages: readonly ChatMessage[]) => string {
  let compiled: ChatTemplate | undefined
  return (messages) => {
    try {
      compiled ??= compile()
      return compiled.render({
        messages: messages.map(({ role, content }) => ({ role, content })),
        add_generation_prompt: true,
        bos_token: start,
        eos_token: end,
      })
    } catch (cause) {
      throw new ForetokenError(
        'unsupported',
        `The model's chat template refused the messages (${(cause as Error).message}). ` +
          'Check their roles and order, or write the prompt yourself.',
        { cause },
      )
    }
  }
}
