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
