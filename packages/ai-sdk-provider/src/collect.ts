import type { SharedV3Warning } from '@ai-sdk/provider'
import type { FinishReason, ForetokenMetadata, Usage } from './outcome.js'
import type { ContentPart } from './parts.js'
import type { StreamPart } from './run.js'

/** What a call gives in one piece. */
export interface CallResult {
  content: ({ type: 'text'; text: string } | Extract<ContentPart, { type: 'tool-call' }>)[]
  usage: Usage
  finishReason: FinishReason
  providerMetadata: { foretoken: ForetokenMetadata }
  response: { id: string; timestamp: Date; modelId: string }
  warnings: SharedV3Warning[]
}

/** A stream's parts as one result. */
export async function collect(parts: AsyncIterable<StreamPart>): Promise<CallResult> {
  const content: CallResult['content'] = []
  let start: Extract<StreamPart, { type: 'stream-start' }>
  let response: CallResult['response']
  let finish: Extract<StreamPart, { type: 'finish' }>
  for await (const part of parts) {
    switch (part.type) {
      case 'stream-start':
        start = part
        break
      case 'response-metadata': {
        const { type: _, ...rest } = part
        response = rest
        break
      }
      case 'text-start':
        content.push({ type: 'text', text: '' })
        break
      case 'text-delta':
        ;(content.at(-1) as { text: string }).text += part.delta
        break
      case 'tool-call':
        content.push(part)
        break
      case 'finish':
        finish = part
    }
  }
  const { usage, finishReason, providerMetadata } = finish!
  const warned = providerMetadata.foretoken.warnings.map((message) => ({ type: 'other' as const, message }))
  return {
    content,
    usage,
    finishReason,
    providerMetadata,
    response: response!,
    warnings: [...start!.warnings, ...warned],
  }
}
