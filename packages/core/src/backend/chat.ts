import { ForetokenError } from '../errors.js'
import type { ChatMessage, RenderChat, Tool, ToolCall } from '../model.js'
import { describeTools } from './describe-tools.js'

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
export function chatRenderer(compile: () => ChatTemplate, start: string, end: string): RenderChat {
  let compiled: ChatTemplate | undefined
  let knowsTools: boolean | undefined
  const render: Render = (messages, tools) =>
    (compiled ??= compile()).render({
      messages: messages.map(asTemplatesExpect),
      // Templates ask whether there are none, rather than whether they are defined.
      tools: tools.length === 0 ? null : tools.map(definition),
      add_generation_prompt: true,
      bos_token: start,
      eos_token: end,
    })
  return (messages, { tools = [], describe = false } = {}) => {
    try {
      if (tools.length === 0 && !messages.some(({ role, toolCalls }) => role === 'tool' || toolCalls)) {
        return render(messages, [])
      }
      if (!describe && (knowsTools ??= rendersTools(render))) return render(messages, tools)
      return renderDescribed(describeTools(messages, tools), render)
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

type Render = (messages: readonly ChatMessage[], tools: readonly Tool[]) => string

/** Some templates refuse system messages: the user tells the model then. */
function renderDescribed(messages: readonly ChatMessage[], render: Render): string {
  try {
    return render(messages, [])
  } catch (error) {
    const [first, second, ...rest] = messages
    if (first?.role !== 'system' || second?.role !== 'user') throw error
    return render([{ ...second, content: `${first.content}\n\n${second.content}` }, ...rest], [])
  }
}

/** Whether a conversation with a tool, a call and a result shows all three. */
function rendersTools(render: Render): boolean {
  const id = 'probe0001'
  const conversation: ChatMessage[] = [
    { role: 'user', content: 'probe question' },
    { role: 'assistant', content: '', toolCalls: [{ id, name: 'probe', arguments: '{"key": "probe argument"}' }] },
    { role: 'tool', content: 'probe result', name: 'probe', toolCallId: id },
  ]
  const parameters = { type: 'object', properties: { key: { type: 'string', description: 'probe key' } } }
  try {
    const text = render(conversation, [{ name: 'probe', description: 'probe description', parameters }])
    return ['probe description', 'probe argument', 'probe result'].every((part) => text.includes(part))
  } catch {
    return false
  }
}

function asTemplatesExpect({ role, content, name, toolCalls, toolCallId }: ChatMessage): Record<string, unknown> {
  return {
    role,
    content,
    ...(name !== undefined && { name }),
    ...(toolCalls && { tool_calls: toolCalls.map(callOf) }),
    ...(toolCallId !== undefined && { tool_call_id: nineLetters(toolCallId) }),
  }
}

function callOf({ id, name, arguments: text }: ToolCall): Record<string, unknown> {
  return { id: nineLetters(id), type: 'function', function: { name, arguments: parsed(text) } }
}

/** Models write arguments that are no JSON at times; the template then gets what was written. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function definition({ name, description = '', parameters }: Tool): Record<string, unknown> {
  return {
    type: 'function',
    function: { name, description, parameters: parameters ?? { type: 'object', properties: {} } },
  }
}

/** Mistral's templates refuse ids that are not nine letters and digits, and no other template minds them. */
function nineLetters(id: string): string {
  if (/^[A-Za-z0-9]{9}$/.test(id)) return id
  let hash = 0xcbf29ce484222325n
  for (const character of id) hash = BigInt.asUintN(64, (hash ^ BigInt(character.codePointAt(0)!)) * 0x100000001b3n)
  return hash.toString(36).padStart(9, '0').slice(-9)
}
