import { describe, expect, it } from 'vitest'
import { call, control, type Family, parserFor, read, tag, told } from './test-answers.js'
import { characterTokenizer } from '../testing/chat-templates.js'

/** What models write, and what is in it. */
const answers: [family: Family, text: string, parts: string[]][] = [
  ['hermes', 'Just words, <b>bold</b> and {"a": 1}.\n', ['Just words, <b>bold</b> and {"a": 1}.\n']],
  ['hermes', tag(call('f', '{"a": 1}')), ['0 f({"a": 1})']],
  ['hermes', `Let me see. ${tag(call('f', '{}'))}\n`, ['Let me see.', '0 f({})']],
  [
    'hermes',
    `${tag(call('f', '{"a": [1, {"b": null}]}'))}\n${tag(call('g', '{"a": -1.5e3}'))}`,
    ['0 f({"a": [1, {"b": null}]})', '1 g({"a": -1.5e3})'],
  ],
  ['hermes', `${tag(call('f', '{}'))}\nand so on`, ['0 f({})', '\nand so on']],
  [
    'hermes',
    tag(call('f', '{"a": "</tool_call> \\" } <tool_call>"}')),
    ['0 f({"a": "</tool_call> \\" } <tool_call>"})'],
  ],
  ['hermes', tag('{"arguments": {"a": 1}, "name": "f"}'), ['0 f({"a": 1})']],
  ['hermes', tag('{"name": "f"}'), ['0 f({})']],
  ['hermes', `<tool_call>${call('f', '{}')}\n${call('g', '{}')}</tool_call>`, ['0 f({})', '1 g({})']],
  ['hermes', tag(`[${call('f', '{}')}, ${call('g', '{}')}]`), ['0 f({})', '1 g({})']],
  ['hermes', tag(call('f', '{"a": "one\ntwo\u{1f642}"}')), ['0 f({"a": "one\\ntwo\u{1f642}"})']],
  // No calls.
  ['hermes', '<tool_call> is a tag', ['<tool_call> is a tag']],
  ['hermes', tag(call('unknown', '{}')), [tag(call('unknown', '{}'))]],
  ['hermes', tag('{"name": f, "arguments": {}}'), [tag('{"name": f, "arguments": {}}')]],
  ['hermes', tag('{"name": "f", "arguments": "{}"}'), [tag('{"name": "f", "arguments": "{}"}')]],
  ['hermes', `<tool_call>${tag(call('f', '{}'))}`, ['<tool_call>', '0 f({})']],
  ['hermes', '<tool_call>\n{"name": "f", "argum', ['<tool_call>\n{"name": "f", "argum']],
  ['hermes', 'a <tool_c', ['a <tool_c']],
  // Calls that break off, or are cut off.
  ['hermes', `${tag('{"name": "f", "arguments": {"a": tru!}}')} ok`, ['0 f({"a": tru)', '!}}\n</tool_call> ok']],
  ['hermes', '<tool_call>{"name": "f", "arguments": {"a": "x', ['0 f({"a": "x)']],
  ['llama', '{"name": "f", "parameters": {"a": 1}}', ['0 f({"a": 1})']],
  [
    'llama',
    'Sure:\n{"type": "function", "name": "f", "parameters": {}}; {"name": "g", "parameters": {}}\n',
    ['Sure:', '0 f({})', '1 g({})'],
  ],
  ['llama', '<|python_tag|>{"name": "f", "parameters": {}}', ['0 f({})']],
  ['llama', 'As JSON:\n```json\n{"name": "f", "arguments": {}}\n```\n', ['As JSON:', '0 f({})']],
  ['llama', '{"name": "Alice", "age": 7}', ['{"name": "Alice", "age": 7}']],
  ['llama', '{\n  "b": {"name": "f", "parameters": {}}\n}', ['{\n  "b": {"name": "f", "parameters": {}}\n}']],
  ['llama', '[1]: {x}', ['[1]: {x}']],
  ['mistral', `[TOOL_CALLS] [${call('f', '{"a": 1}')}, ${call('g', '{}')}]`, ['0 f({"a": 1})', '1 g({})']],
  ['mistral', `[TOOL_CALLS][{"name": "f", "arguments": {}, "id": "abcdefghi"}]`, ['0 f({})']],
  ['mistral', 'See [TOOL] and [1].', ['See [TOOL] and [1].']],
]

describe('calls in answers', () => {
  it.each(answers)('%s: %j', (family, text, parts) => {
    expect(read(family, [text])).toEqual(parts)
  })

  it('do not depend on how the text is cut', () => {
    for (const [family, text, parts] of answers) {
      expect(read(family, text.split(''))).toEqual(parts)
      for (let one = 0; one <= text.length; one++) {
        for (let two = one + (one % 4); two <= text.length; two += 4) {
          expect(read(family, [text.slice(0, one), text.slice(one, two), text.slice(two)])).toEqual(parts)
        }
      }
    }
  })

  it('are told while they come, and half a marker never', () => {
    const parser = parserFor('hermes')
    expect(told(parser.push('Wait <tool_'))).toEqual(['Wait'])
    expect(parser.push('call>{"name": "f", "arg')).toEqual([])
    expect(told(parser.push('uments": {"a": "so far'))).toEqual(['0 f({"a": "so far'])
    expect(parser.push(' and')).toEqual([{ type: 'call-arguments', index: 0, delta: ' and' }])
    expect(parser.push('"}')).toEqual([{ type: 'call-arguments', index: 0, delta: '"}' }])
    expect(parser.push('}')).toEqual([{ type: 'call-end', index: 0 }])
    expect([...parser.push('\n</tool_call>'), ...parser.end()]).toEqual([])
  })

  it('behind control tokens are found by these', () => {
    const parser = parserFor('mistral')
    const token = characterTokenizer(control).encode('[TOOL_CALLS]', { special: true })[0]!
    const events = [...parser.push('Well.'), ...parser.push('', token), ...parser.push(` [${call('f', '{}')}]`)]
    expect(told([...events, ...parser.end()])).toEqual(['Well.', '0 f({})'])
  })

  it('may be opened by the prompt', () => {
    expect(read('hermes', [call('f', '{"a": 1}')], { opened: true })).toEqual(['0 f({"a": 1})'])
    expect(read('mistral', [`[${call('f', '{}')}, ${call('g', '{}')}]`], { opened: true })).toEqual([
      '0 f({})',
      '1 g({})',
    ])
  })

  it('end after the first where there may be one', () => {
    const parser = parserFor('hermes', { parallel: false })
    expect(told(parser.push(`${tag(call('f', '{}'))}${tag(call('g', '{}'))} more`))).toEqual(['0 f({})'])
    expect(parser.done).toBe(true)
    expect([...parser.push('and more'), ...parser.end()]).toEqual([])
  })
})
