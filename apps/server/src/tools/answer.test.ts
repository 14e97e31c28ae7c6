import { describe, expect, it } from 'vitest'
import { deltaOf, finishReasonOf, messageOf } from './answer.js'
import type { ToolCallEvent } from '@foretoken/core/chat'

const events: ToolCallEvent[] = [
  { type: 'text', text: 'Let me ' },
  { type: 'text', text: 'see.' },
  { type: 'call-start', index: 0, id: 'call_1', name: 'f' },
  { type: 'call-arguments', index: 0, delta: '{"a"' },
  { type: 'call-arguments', index: 0, delta: ': 1}' },
  { type: 'call-end', index: 0 },
]

describe('an answer in the shapes of OpenAI', () => {
  it('as a message', () => {
    const calls = [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a": 1}' } }]
    const base = { role: 'assistant', refusal: null }
    expect(messageOf(events)).toEqual({ ...base, content: 'Let me see.', tool_calls: calls })
    expect(messageOf(events.slice(2))).toEqual({ ...base, content: null, tool_calls: calls })
    expect(messageOf([])).toEqual({ ...base, content: '' })
  })

  it('as deltas of a stream', () => {
    expect(events.slice(1).map(deltaOf)).toEqual([
      { content: 'see.' },
      { tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: '' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{"a"' } }] },
      { tool_calls: [{ index: 0, function: { arguments: ': 1}' } }] },
      undefined,
    ])
  })

  it('says why it ended', () => {
    const parser = (calls: number, done = false) => ({ calls, done, push: () => [], end: () => [] })
    expect(finishReasonOf(parser(0), 'end')).toBe('stop')
    expect(finishReasonOf(parser(0), 'stop')).toBe('stop')
    expect(finishReasonOf(parser(1), 'end')).toBe('tool_calls')
    expect(finishReasonOf(parser(1), 'length')).toBe('length')
    expect(finishReasonOf(parser(1, true), 'length')).toBe('tool_calls')
    expect(finishReasonOf(parser(1, true))).toBe('tool_calls')
  })
})
