import { ToyModel } from '@foretoken/core/testing'
import { describe, expect, test } from 'vitest'
import { createConversation } from './history.js'
import { readLine } from './slash.js'

describe('readLine', () => {
  test.each([
    ['hello', { type: 'say', text: 'hello' }],
    ['  hello ', { type: 'say', text: 'hello' }],
    ['', { type: 'empty' }],
    ['   ', { type: 'empty' }],
    ['/stats', { type: 'command', name: 'stats' }],
    ['/RESET now', { type: 'command', name: 'reset' }],
    ['/quit', { type: 'command', name: 'exit' }],
    ['/nonsense', { type: 'unknown', name: 'nonsense' }],
    ['/toString', { type: 'unknown', name: 'tostring' }],
    ['//etc', { type: 'say', text: '/etc' }],
  ])('%j', (line, expected) => {
    expect(readLine(line)).toEqual(expected)
  })

  test('raw text keeps its spaces and its line end', () => {
    expect(readLine('  return a', true)).toEqual({ type: 'say', text: '  return a\n' })
    expect(readLine('', true)).toEqual({ type: 'say', text: '\n' })
  })
})

describe('createConversation', () => {
  const model = new ToyModel({ vocabSize: 8, next: () => [1, 0, 0, 0, 0, 0, 0, 0] })

  test('raw: what was said, one after the other', () => {
    const chat = createConversation(model, undefined, true)
    expect(model.tokenizer.decode([...chat.ask('ab')])).toBe('ab')
    chat.answer('cd')
    expect(model.tokenizer.decode([...chat.ask('e')])).toBe('abcde')
    chat.withdraw()
    expect(chat.messages).toHaveLength(2)
    chat.reset()
    expect(model.tokenizer.decode([...chat.ask('f')])).toBe('f')
  })

  test('a template sees every message, and the system prompt survives a reset', () => {
    const seen: unknown[] = []
    const renderChat = (messages: readonly { role: string; content: string }[]): string => {
      seen.push(messages.map(({ role, content }) => `${role}: ${content}`))
      return 'a'
    }
    const chat = createConversation(
      Object.assign(Object.create(model), { tokenizer: { ...model.tokenizer, renderChat } }),
      'be brief',
      false,
    )
    chat.ask('one')
    chat.answer('two')
    chat.ask('three')
    chat.reset()
    chat.ask('four')
    expect(seen).toEqual([
      ['system: be brief', 'user: one'],
      ['system: be brief', 'user: one', 'assistant: two', 'user: three'],
      ['system: be brief', 'user: four'],
    ])
  })
})
