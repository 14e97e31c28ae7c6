import type { LanguageModelV3Prompt, LanguageModelV4Prompt } from '@ai-sdk/provider'
import type { ChatMessage, ToolCall } from '@foretoken/core'
import type { Warnings } from './warnings.js'

type Message = (LanguageModelV4Prompt | LanguageModelV3Prompt)[number]
type Part = Exclude<Message, { role: 'system' }>['content'][number]
type Output = Extract<Part, { type: 'tool-result' }>['output']

/** The SDK's messages as core's. What a model of text cannot read is left out, with a warning. */
export function messagesOf(prompt: LanguageModelV4Prompt | LanguageModelV3Prompt, warnings: Warnings): ChatMessage[] {
  return prompt.flatMap((message: Message): ChatMessage[] => {
    switch (message.role) {
      case 'system':
        return [{ role: 'system', content: message.content }]
      case 'user':
        return [{ role: 'user', content: textOf(message.content, warnings) }]
      case 'assistant': {
        const calls = message.content.flatMap(callOf)
        const content = textOf(message.content, warnings)
        return [{ role: 'assistant', content, ...(calls.length > 0 && { toolCalls: calls }) }]
      }
      case 'tool':
        return message.content.flatMap((part): ChatMessage[] => {
          if (part.type !== 'tool-result') return []
          const { toolName: name, toolCallId, output } = part
          return [{ role: 'tool', name, toolCallId, content: resultOf(output, warnings) }]
        })
    }
  })
}

function textOf(parts: readonly Part[], warnings: Warnings): string {
  return parts
    .map((part) => {
      if (part.type === 'text') return part.text
      if (part.type !== 'tool-call') leaveOut(part.type, warnings)
      return ''
    })
    .join('')
}

function callOf(part: Part): ToolCall[] {
  if (part.type !== 'tool-call') return []
  const { toolCallId: id, toolName: name, input } = part
  return [{ id, name, arguments: JSON.stringify(input ?? {}) }]
}

function resultOf(output: Output, warnings: Warnings): string {
  switch (output.type) {
    case 'text':
    case 'error-text':
      return output.value
    case 'json':
    case 'error-json':
      return JSON.stringify(output.value)
    case 'execution-denied':
      return output.reason ?? 'The call was not allowed.'
    case 'content':
      return output.value
        .map((part) => {
          if (part.type === 'text') return part.text
          leaveOut(part.type, warnings)
          return ''
        })
        .join('')
  }
}

function leaveOut(type: string, warnings: Warnings): void {
  warnings.unsupported(`${type} parts in messages`, 'They were left out: the model reads text alone.')
}
