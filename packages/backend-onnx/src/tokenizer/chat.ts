import { ForetokenError } from '@foretoken/core'
import type { ChatMessage } from '@foretoken/core'
import { Template } from '@huggingface/jinja'

/** @param start The text of the model's start token, which templates write out. `encode` does not double it. */
export function chatRenderer(
  template: string,
  start: string,
  end: string,
): (messages: readonly ChatMessage[]) => string {
  // Compiled when it is first used: a template that we cannot read must not keep the model from being loaded.
  let compiled: Template | undefined
  return (messages) => {
    try {
      compiled ??= new Template(template)
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
