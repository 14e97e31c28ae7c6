import type { ChatMessage, Tool, ToolCall } from '../model.js'

/**
 * A conversation with tools, for a template that does not know them: the tools are described in the system message, calls
 * become JSON in what the assistant said, and results are told by the user.
 *
 * @returns Messages without `tool` roles and calls.
 */
export function describeTools(messages: readonly ChatMessage[], tools: readonly Tool[]): ChatMessage[] {
  const called = new Map(messages.flatMap(({ toolCalls = [] }) => toolCalls.map(({ id, name }) => [id, name] as const)))
  const told: ChatMessage[] = []
  // Templates often insist on turns, so results and the words that follow them are one message.
  let open = false
  for (const { role, content, name, toolCalls, toolCallId } of messages) {
    const text =
      role === 'tool' ? `Result of ${called.get(toolCallId ?? '') ?? name ?? 'the call'}: ${content}` : content
    const last = told.at(-1)
    if (open && last && (role === 'tool' || role === 'user')) {
      told[told.length - 1] = { ...last, content: `${last.content}\n${text}` }
    } else if (role === 'assistant' && toolCalls) {
      told.push({ role, content: [content, ...toolCalls.map(callText)].filter((part) => part !== '').join('\n') })
    } else {
      told.push({ role: role === 'tool' ? 'user' : role, content: text, ...(name !== undefined && { name }) })
    }
    open = role === 'tool'
  }
  if (tools.length === 0) return told
  const [first, ...rest] = told
  if (first?.role !== 'system') return [{ role: 'system', content: description(tools) }, ...told]
  return [{ ...first, content: `${first.content}\n\n${description(tools)}` }, ...rest]
}

function description(tools: readonly Tool[]): string {
  const functions = tools.map(({ name, description, parameters }) => JSON.stringify({ name, description, parameters }))
  return [
    'You can call these functions:',
    ...functions,
    'To call one, answer with JSON alone: {"name": "its name", "arguments": {…}}. ' +
      'To call several, write one line of JSON for each. If no function is needed, answer in words.',
  ].join('\n')
}

function callText({ name, arguments: text }: ToolCall): string {
  return `{"name": ${JSON.stringify(name)}, "arguments": ${text}}`
}
