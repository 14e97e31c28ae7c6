import { ForetokenError, type ChatMessage, type Tool } from '@foretoken/core'
import { z } from 'zod'

const name = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, 'Names have 1 to 64 letters, digits, _ or -.')
const textParts = z.array(z.object({ type: z.literal(['text', 'refusal']), text: z.string() }))
const text = z.union([z.string(), z.array(z.object({ type: z.literal('text'), text: z.string() }))])
const author = { name: z.string().nullish() }

const call = z.object({
  id: z.string(),
  type: z.literal('function').default('function'),
  function: z.object({ name: z.string(), arguments: z.string() }),
})

const message = z.discriminatedUnion('role', [
  z.object({ role: z.literal(['system', 'developer']), content: text, ...author }),
  z.object({ role: z.literal('user'), content: text, ...author }),
  z.object({
    role: z.literal('assistant'),
    content: z.union([z.string(), textParts]).nullish(),
    tool_calls: z.array(call).nullish(),
    ...author,
  }),
  z.object({ role: z.literal('tool'), content: text, tool_call_id: z.string(), ...author }),
])

const tool = z.object({
  type: z.literal('function'),
  function: z.object({
    name,
    description: z.string().nullish(),
    parameters: z.record(z.string(), z.unknown()).nullish(),
    strict: z.boolean().nullish(),
  }),
})

/** The fields of a chat request that are about messages and tools: spread them into the request's schema. */
export const chatFields = {
  messages: z.array(message).min(1),
  tools: z.array(tool).max(128).nullish(),
  tool_choice: z
    .union([
      z.literal(['none', 'auto', 'required']),
      z.object({ type: z.literal('function'), function: z.object({ name: z.string() }) }),
    ])
    .nullish(),
  parallel_tool_calls: z.boolean().nullish(),
}

const chatRequest = z.object(chatFields)
export type ChatRequest = z.infer<typeof chatRequest>

/** OpenAI's messages as ours. Parts of text are joined. */
export function chatMessages(messages: ChatRequest['messages']): ChatMessage[] {
  return messages.map((message) => {
    const said = { content: textOf(message.content), ...(message.name && { name: message.name }) }
    switch (message.role) {
      case 'developer':
        return { role: 'system', ...said }
      case 'tool':
        return { role: 'tool', ...said, toolCallId: message.tool_call_id }
      case 'assistant': {
        const calls = (message.tool_calls ?? []).map(({ id, function: { name, arguments: text } }) => ({
          id,
          name,
          arguments: text,
        }))
        return { role: 'assistant', ...said, ...(calls.length > 0 && { toolCalls: calls }) }
      }
      default:
        return { role: message.role, ...said }
    }
  })
}

function textOf(content: string | readonly { readonly text: string }[] | null | undefined): string {
  return typeof content === 'string' ? content : (content ?? []).map(({ text }) => text).join('')
}

/** What a request lets the model call. */
export interface ToolUse {
  readonly tools: readonly Tool[]
  /** What must be called: one of these. Empty: the model may answer in words. */
  readonly forced: readonly Tool[]
  /** Whether there may be several calls. */
  readonly parallel: boolean
}

/** @throws `invalid-argument` when the request contradicts itself. */
export function toolUse({ tools: given, tool_choice, parallel_tool_calls }: ChatRequest): ToolUse {
  const tools = (given ?? []).map(({ function: { name, description, parameters } }) => ({
    name,
    ...(description && { description }),
    ...(parameters && { parameters }),
  }))
  const twice = tools.find(({ name }, at) => tools.findIndex((tool) => tool.name === name) < at)
  if (twice) throw new ForetokenError('invalid-argument', `Two of tools are called ${twice.name}: rename one of them.`)
  const choice = tool_choice ?? 'auto'
  const parallel = parallel_tool_calls ?? true
  if (choice === 'none') return { tools: [], forced: [], parallel }
  if (choice === 'auto') return { tools, forced: [], parallel }
  const forced = choice === 'required' ? tools : tools.filter(({ name }) => name === choice.function.name)
  if (forced.length > 0) return { tools, forced, parallel }
  throw new ForetokenError(
    'invalid-argument',
    choice === 'required'
      ? 'tool_choice is required, but there are no tools: add some, or leave tool_choice out.'
      : `tool_choice names ${choice.function.name}, which is not among tools: add it there.`,
  )
}
