import { loadModel } from '@foretoken/backend-llama'
import { generate, type LanguageModel, type RenderChat, type Tokenizer } from '@foretoken/core'
import { target } from '@foretoken/demo-models'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { finishReasonOf, messageOf } from './answer.js'
import { prepareChat } from './prepare.js'
import { chatFields, type ChatRequest } from './request.js'
import { characterTokenizer, chatml, familyRenderer } from '@foretoken/core/testing'

const weather = {
  type: 'function' as const,
  function: {
    name: 'get_weather',
    description: 'The weather at a place.',
    parameters: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: { place: { $ref: '#/$defs/place' }, days: { type: 'integer', minimum: 1, maximum: 7 } },
      required: ['place', 'days'],
      $defs: { place: { enum: ['Paris', 'Oslo'] } },
    },
  },
}
const clock = { type: 'function' as const, function: { name: 'clock' } }
const ask = { messages: [{ role: 'user' as const, content: 'Is it raining?' }], tools: [weather, clock] }

function withRenderer(renderChat: RenderChat | undefined, tokenizer: Tokenizer = characterTokenizer()): Tokenizer {
  const base: Tokenizer = Object.create(tokenizer)
  return Object.defineProperty(base, 'renderChat', { value: renderChat })
}

const written = (request: ChatRequest, render: RenderChat | undefined): string =>
  characterTokenizer().decode(prepareChat(request, withRenderer(render)).prompt)

describe('a chat', () => {
  it('without tools is what the template makes of it', () => {
    const chat = prepareChat({ messages: ask.messages }, withRenderer(chatml))
    expect(chat.responseFormat).toBeUndefined()
    expect(chat.parser().push('<tool_call>')).toEqual([{ type: 'text', text: '<tool_call>' }])
    expect(written({ ...ask, tool_choice: 'none' }, familyRenderer('hermes'))).not.toContain('get_weather')
  })

  it('without a template goes on from what was said', () => {
    const messages = [
      { role: 'system' as const, content: '// a' },
      { role: 'user' as const, content: 'const a =' },
    ]
    expect(written({ messages }, undefined)).toBe('// a\nconst a =')
    expect(written({ ...ask, messages }, undefined)).toContain('"get_weather"')
  })

  it('with tools is free to call them, or not', () => {
    const chat = prepareChat(ask, withRenderer(familyRenderer('hermes')))
    expect(chat.responseFormat).toBeUndefined()
    expect(written(ask, familyRenderer('hermes'))).toMatch(/^Tools: .*get_weather.*clock[^]*<\|im_start\|>assistant\n$/)
  })

  it('that has to call ends in what opens a call', () => {
    const forced = { ...ask, tool_choice: 'required' as const }
    expect(written(forced, familyRenderer('hermes'))).toMatch(/<\|im_start\|>assistant\n<tool_call>\n$/)
    expect(written(forced, familyRenderer('hermes', '<think>\n'))).toMatch(/<\|im_start\|>assistant\n<tool_call>\n$/)
    expect(written(forced, familyRenderer('mistral'))).toMatch(/\[\/INST\]\[TOOL_CALLS\]$/)
    expect(written(forced, familyRenderer('llama'))).toMatch(/<\|\/header\|>\n\n$/)
  })

  it('tells the template of calls and their results', () => {
    const calls = [{ id: 'call_1', type: 'function' as const, function: { name: 'clock', arguments: '{"in": "UTC"}' } }]
    const messages: ChatRequest['messages'] = [
      ...ask.messages,
      { role: 'assistant', content: null, tool_calls: calls },
      { role: 'tool', tool_call_id: 'call_1', content: [{ type: 'text', text: 'noon' }] },
    ]
    expect(written({ ...ask, messages }, familyRenderer('hermes'))).toContain(
      '<tool_call>\n{"name":"clock","arguments":{"in":"UTC"}}\n</tool_call><|end|>\n<|im_start|>user\n<tool_response>\nnoon\n',
    )
    expect(written({ ...ask, messages }, familyRenderer('mistral'))).toContain('[TOOL_RESULTS] {"content": "noon"}')
    const described = written({ messages }, chatml)
    expect(described).toContain('<|im_start|>assistant\n{"name": "clock", "arguments": {"in": "UTC"}}<|end|>')
    expect(described).toContain('<|im_start|>user\nResult of clock: noon<|end|>')
  })

  it.each([
    ['required, without tools', { messages: ask.messages, tool_choice: 'required' as const }],
    ['a function that is not there', { ...ask, tool_choice: { type: 'function' as const, function: { name: 'x' } } }],
    ['two tools of one name', { ...ask, tools: [clock, clock] }],
  ])('that contradicts itself is refused: %s', (_, request) => {
    expect(() => prepareChat(request, withRenderer(chatml))).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    )
  })

  it.each([
    [{ messages: [] }],
    [{ ...ask, messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: '…' } }] }] }],
    [{ ...ask, messages: [{ role: 'tool', content: 'without an id' }] }],
    [{ ...ask, tools: [{ type: 'function', function: { name: 'no blanks' } }] }],
    [{ ...ask, tool_choice: 'sometimes' }],
  ])('is refused at the edge: %j', (request) => {
    expect(z.object(chatFields).safeParse(ask).success).toBe(true)
    expect(z.object(chatFields).safeParse(request).success).toBe(false)
  })
})

describe('the demo model', () => {
  let model: LanguageModel
  beforeAll(async () => {
    model = await loadModel({ path: target, gpu: false })
  })
  afterAll(() => model.dispose())

  const run = async (request: ChatRequest, render: RenderChat | undefined, seed: number) => {
    const { prompt, responseFormat, parser: open } = prepareChat(request, withRenderer(render, model.tokenizer))
    const parser = open()
    const events = []
    let finish
    for await (const event of generate({ model, prompt, responseFormat, maxTokens: 200, temperature: 1, seed })) {
      if (event.type === 'token') events.push(...parser.push(event.text, event.token))
      if (event.type !== 'finish') continue
      events.push(...parser.push(event.text), ...parser.end())
      finish = event.result.finishReason
    }
    return { message: messageOf(events), reason: finishReasonOf(parser, finish) }
  }

  const families = [
    ['hermes', familyRenderer('hermes')],
    ['llama', familyRenderer('llama')],
    ['mistral', familyRenderer('mistral')],
    ['no tools', chatml],
    ['no', undefined],
  ] as const

  it.each(families)('gives valid calls when it has to, with the template of %s', async (_, render) => {
    let whole = 0
    for (const seed of [1, 2, 3]) {
      const request = { ...ask, tool_choice: 'required' as const, parallel_tool_calls: seed === 1 ? false : undefined }
      const { message, reason } = await run(request, render, seed)
      // Lists of calls go on until the model ends them.
      if (reason === 'length') continue
      whole++
      expect(reason).toBe('tool_calls')
      expect(message.content).toBeNull()
      for (const { function: called } of message.tool_calls!) {
        const given = JSON.parse(called.arguments)
        if (called.name === 'clock') expect(given).toEqual({})
        else expect(given).toEqual({ place: expect.stringMatching(/^(Paris|Oslo)$/), days: expect.any(Number) })
      }
    }
    expect(whole).toBeGreaterThan(0)
  })

  it.each(families)('calls the function that was named, with the template of %s', async (_, render) => {
    const named = { type: 'function' as const, function: { name: 'get_weather' } }
    const { message, reason } = await run({ ...ask, tool_choice: named, parallel_tool_calls: false }, render, 5)
    expect(reason).toBe('tool_calls')
    expect(message.tool_calls).toHaveLength(1)
    const called = message.tool_calls![0]!.function
    expect(called.name).toBe('get_weather')
    expect(JSON.parse(called.arguments)).toMatchObject({ place: expect.stringMatching(/^(Paris|Oslo)$/) })
  })

  it('may answer in words otherwise', async () => {
    const { message } = await run(ask, chatml, 1)
    expect(message.content).not.toBe('')
  })
})
