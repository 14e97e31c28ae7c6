import type { FinishReason } from '@foretoken/core'
import type { ToolCallEvent, ToolCallParser } from '@foretoken/core/chat'

/** What is new in a message of a stream, as OpenAI has it. */
export interface ChatDelta {
  readonly content?: string
  readonly tool_calls?: readonly [CallDelta]
}

interface CallDelta {
  readonly index: number
  readonly id?: string
  readonly type?: 'function'
  readonly function: { readonly name?: string; readonly arguments: string }
}

/** A whole message, as OpenAI has it. */
export interface ChatAnswer {
  readonly role: 'assistant'
  readonly content: string | null
  readonly refusal: null
  readonly tool_calls?: readonly AnswerCall[]
}

interface AnswerCall {
  readonly id: string
  readonly type: 'function'
  readonly function: { readonly name: string; readonly arguments: string }
}

/** @returns `undefined` for what OpenAI's streams do not tell. */
export function deltaOf(event: ToolCallEvent): ChatDelta | undefined {
  switch (event.type) {
    case 'text':
      return { content: event.text }
    case 'call-start': {
      const { index, id, name } = event
      return { tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }
    }
    case 'call-arguments':
      return { tool_calls: [{ index: event.index, function: { arguments: event.delta } }] }
    case 'call-end':
      return undefined
  }
}

/** @param events All that the parser told of one answer. */
export function messageOf(events: readonly ToolCallEvent[]): ChatAnswer {
  let content = ''
  const calls: { id: string; name: string; text: string }[] = []
  for (const event of events) {
    if (event.type === 'text') content += event.text
    else if (event.type === 'call-start') calls.push({ id: event.id, name: event.name, text: '' })
    else if (event.type === 'call-arguments') calls[event.index]!.text += event.delta
  }
  const message = { role: 'assistant', refusal: null } as const
  if (calls.length === 0) return { ...message, content }
  return {
    ...message,
    content: content === '' ? null : content,
    tool_calls: calls.map(({ id, name, text }) => ({ id, type: 'function', function: { name, arguments: text } })),
  }
}

/** @param reason Of the generation; leave it out when it was ended because the parser was `done`. */
export function finishReasonOf(parser: ToolCallParser, reason?: FinishReason): 'stop' | 'length' | 'tool_calls' {
  if (reason === 'length' && !parser.done) return 'length'
  return parser.calls > 0 ? 'tool_calls' : 'stop'
}
