import type { LanguageModelV4ToolResultOutput } from '@ai-sdk/provider'
import { expect, it } from 'vitest'
import { messagesOf } from './prompt.js'
import { Warnings } from './warnings.js'

it('says what a conversation with calls has said', () => {
  const warnings = new Warnings()
  const id = { toolCallId: '1', toolName: 'add' }
  const messages = messagesOf(
    [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Add one ' },
          { type: 'text', text: 'and two.' },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'Hm.' },
          { type: 'text', text: 'Well:' },
          { type: 'tool-call', ...id, input: { a: 1, b: 2 } },
        ],
      },
      { role: 'tool', content: [{ type: 'tool-result', ...id, output: { type: 'json', value: { sum: 3 } } }] },
    ],
    warnings,
  )
  expect(messages).toEqual([
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Add one and two.' },
    { role: 'assistant', content: 'Well:', toolCalls: [{ id: '1', name: 'add', arguments: '{"a":1,"b":2}' }] },
    { role: 'tool', content: '{"sum":3}', name: 'add', toolCallId: '1' },
  ])
  expect(warnings.list).toEqual([
    expect.objectContaining({ type: 'unsupported', feature: 'reasoning parts in messages' }),
  ])
})

const outputs: [LanguageModelV4ToolResultOutput, string][] = [
  [{ type: 'text', value: 'fine' }, 'fine'],
  [{ type: 'error-text', value: 'broken' }, 'broken'],
  [{ type: 'error-json', value: [1] }, '[1]'],
  [{ type: 'execution-denied', reason: 'not today' }, 'not today'],
  [{ type: 'execution-denied' }, 'The call was not allowed.'],
  [
    {
      type: 'content',
      value: [
        { type: 'text', text: 'a' },
        { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'AAAA' } },
        { type: 'text', text: 'b' },
      ],
    },
    'ab',
  ],
]

it.each(outputs)('tells the model of the result %j', (output, content) => {
  const warnings = new Warnings()
  const part = { type: 'tool-result' as const, toolCallId: '1', toolName: 'f', output }
  expect(messagesOf([{ role: 'tool', content: [part] }], warnings)).toEqual([
    { role: 'tool', content, name: 'f', toolCallId: '1' },
  ])
  expect(warnings.list).toHaveLength(output.type === 'content' ? 1 : 0)
})
