import type { ChatMessage, Tool } from '@foretoken/core'
import { chatRenderer } from '@foretoken/core/backend'
import { Template } from '@huggingface/jinja'
import { describe, expect, it } from 'vitest'

const chatml =
  '{{ bos_token }}{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}' +
  '{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}'

describe('a chat template', () => {
  it('writes the messages and opens the answer', () => {
    expect(chatRenderer(() => new Template(chatml), '<s>', '</s>')([{ role: 'user', content: 'Hi' }])).toBe(
      '<s><|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n',
    )
  })

  it('that refuses the messages is named as the reason', () => {
    const strict = "{% if messages[0].role != 'user' %}{{ raise_exception('user first') }}{% endif %}"
    expect(() => chatRenderer(() => new Template(strict), '', '')([{ role: 'system', content: 'x' }])).toThrow(
      expect.objectContaining({ code: 'unsupported', message: expect.stringContaining('user first') }),
    )
  })

  it('that cannot be read fails when it is used, not before', () => {
    const render = chatRenderer(() => new Template('{% for %}'), '', '')
    expect(() => render([])).toThrow(expect.objectContaining({ code: 'unsupported' }))
  })
})

const tool: Tool = {
  name: 'get_weather',
  description: 'The weather at a place.',
  parameters: { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] },
}
const conversation: ChatMessage[] = [
  { role: 'user', content: 'Is it raining in Oslo?' },
  {
    role: 'assistant',
    content: '',
    toolCalls: [{ id: 'call_1', name: 'get_weather', arguments: '{"place": "Oslo"}' }],
  },
  { role: 'tool', content: 'rain', toolCallId: 'call_1' },
]

const tag = `{% if tools %}<|im_start|>system
{% for tool in tools %}{{ tool | tojson }}
{% endfor %}<|im_end|>
{% endif %}{% for m in messages %}{% if m.role == 'tool' %}<|im_start|>user
<tool_response>{{ m.content }}</tool_response>{% else %}<|im_start|>{{ m.role }}
{{ m.content }}{% for call in m.tool_calls or [] %}<tool_call>
{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
</tool_call>{% endfor %}{% endif %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}`

const list = `{{ bos_token }}{% if tools is not none %}[AVAILABLE_TOOLS]{{ tools | tojson }}[/AVAILABLE_TOOLS]{% endif %}
{%- for m in messages %}{% if m.role == 'user' %}[INST]{{ m.content }}[/INST]
{%- elif m.role == 'tool' %}[TOOL_RESULTS]{{ m.tool_call_id }}: {{ m.content }}[/TOOL_RESULTS]
{%- elif m.tool_calls is defined and m.tool_calls is not none %}[TOOL_CALLS][
{%- for call in m.tool_calls %}{% if call.id | length != 9 %}{{ raise_exception('nine letters') }}{% endif %}
{{- call.function | tojson }}{{ call.id }}{% endfor %}]{{ eos_token }}
{%- else %}{{ m.content }}{{ eos_token }}{% endif %}{% endfor %}`

const bare = `{% for m in messages %}<|header|>{{ m.role }}<|end_header|>
{% if m.tool_calls is defined %}{% set call = m.tool_calls[0].function %}{"name": "{{ call.name }}", "parameters": {{ call.arguments | tojson }}}
{%- else %}{% if tools is not none and loop.first %}{{ tools[0] | tojson }}{% endif %}{{ m.content }}{% endif %}<|eot|>{% endfor %}`

describe('a chat template that knows tools', () => {
  const render = (template: string, messages: readonly ChatMessage[], tools?: readonly Tool[]): string =>
    chatRenderer(() => new Template(template), '<s>', '</s>')(messages, tools && { tools })

  it('gets them, calls and results in the shape that templates expect', () => {
    const text = render(tag, conversation, [tool])
    expect(JSON.parse(text.split('\n')[1]!)).toEqual({ type: 'function', function: tool })
    expect(text).toContain(
      '<tool_call>\n{"name": "get_weather", "arguments": {"place": "Oslo"}}\n</tool_call><|im_end|>',
    )
    expect(text).toContain('<tool_response>rain</tool_response>')
    expect(render(bare, conversation, [tool])).toContain(
      '{"name": "get_weather", "parameters": {"place": "Oslo"}}<|eot|>',
    )
  })

  it('gets ids of nine letters, the same for a call and its result', () => {
    const text = render(list, conversation, [tool])
    expect(text).toMatch(/^<s>\[AVAILABLE_TOOLS\]\[.*\]\[\/AVAILABLE_TOOLS\]\[INST\]/)
    const [, call, result] = /"\}\}([0-9a-z]{9})\].*\[TOOL_RESULTS\]([0-9a-z]{9}): rain/s.exec(text)!
    expect(call).toBe(result)
    expect(render(list, [{ role: 'tool', content: 'rain', toolCallId: 'call_2' }])).not.toContain(call)
    const own = conversation.map((message) => (message.toolCallId ? { ...message, toolCallId: 'abcdefghi' } : message))
    expect(render(list, own, [tool])).toContain('[TOOL_RESULTS]abcdefghi: rain')
  })

  it('sees none where there are none', () => {
    expect(render(list, conversation.slice(0, 1))).toBe('<s>[INST]Is it raining in Oslo?[/INST]')
    expect(render(tag, conversation.slice(0, 1), [])).toMatch(/^<\|im_start\|>user/)
  })

  it('gets arguments that are no JSON as they are', () => {
    const broken = [{ ...conversation[1]!, toolCalls: [{ id: '1', name: 'f', arguments: '{"a' }] }]
    expect(render(tag, broken, [tool])).toContain(String.raw`"arguments": "{\"a"`)
  })
})

describe('a chat template that knows no tools', () => {
  const render = chatRenderer(() => new Template(chatml), '', '')

  it('has them described in the system message', () => {
    const [alone, joined] = [[], [{ role: 'system' as const, content: 'Be brief.' }]].map((system) =>
      render([...system, conversation[0]!], { tools: [tool] }),
    )
    expect(alone).toMatch(/^<\|im_start\|>system\nYou can call these functions:\n\{"name":"get_weather",/)
    expect(alone).toContain(`\n${JSON.stringify(tool)}\n`)
    expect(joined).toMatch(/^<\|im_start\|>system\nBe brief\.\n\nYou can call/)
    expect(joined!.match(/<\|im_start\|>/g)).toHaveLength(3)
  })

  it('has calls and results written as text, in turns', () => {
    expect(
      render([
        ...conversation,
        { role: 'tool', content: 'cold', name: 'thermometer' },
        { role: 'user', content: 'So?' },
      ]),
    ).toBe(
      '<|im_start|>user\nIs it raining in Oslo?<|im_end|>\n' +
        '<|im_start|>assistant\n{"name": "get_weather", "arguments": {"place": "Oslo"}}<|im_end|>\n' +
        '<|im_start|>user\nResult of get_weather: rain\nResult of thermometer: cold\nSo?<|im_end|>\n' +
        '<|im_start|>assistant\n',
    )
  })

  it('has them described by the user where it refuses system messages', () => {
    const strict = `{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}${chatml}`
    const text = chatRenderer(() => new Template(strict), '', '')(conversation.slice(0, 1), { tools: [tool] })
    expect(text).toMatch(
      /^<\|im_start\|>user\nYou can call these functions:[^]*\n\nIs it raining in Oslo\?<\|im_end\|>/,
    )
  })
})

it('a chat template that knows tools is not asked when they are to be described', () => {
  const text = chatRenderer(() => new Template(tag), '', '')(conversation, { tools: [tool], describe: true })
  expect(text).toMatch(/^<\|im_start\|>system\nYou can call these functions:/)
  expect(text).not.toContain('<tool_')
})
