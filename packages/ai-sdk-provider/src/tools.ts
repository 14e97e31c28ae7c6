import type { Tool } from '@foretoken/core'
import { ForetokenError } from '@foretoken/core'
import type { Chat } from '@foretoken/core/chat'
import type { CallOptions } from './call.js'
import type { Warnings } from './warnings.js'

/** What a call lets the model call, and what it must. @throws `invalid-argument` when the call contradicts itself. */
export function toolUse({ tools: given = [], toolChoice }: CallOptions, warnings: Warnings): Omit<Chat, 'messages'> {
  if (toolChoice?.type === 'none') return {}
  const tools = given.flatMap((tool): Tool[] => {
    if (tool.type === 'function') {
      const { name, description, inputSchema } = tool
      return [
        {
          name,
          parameters: inputSchema as { readonly [keyword: string]: unknown },
          ...(description && { description }),
        },
      ]
    }
    warnings.unsupported(`provider-defined tool ${tool.id}`, 'It was left out: a local model calls functions alone.')
    return []
  })
  if (toolChoice === undefined || toolChoice.type === 'auto') return { tools }
  const one = toolChoice.type === 'tool' ? toolChoice.toolName : undefined
  const forced = one === undefined ? tools : tools.filter(({ name }) => name === one)
  if (forced.length === 0) {
    throw new ForetokenError(
      'invalid-argument',
      one === undefined
        ? 'toolChoice is required, but there are no tools: add some, or leave toolChoice out.'
        : `toolChoice names ${one}, which is not among tools: add it there.`,
    )
  }
  return { tools, forced, parallel: one === undefined }
}
