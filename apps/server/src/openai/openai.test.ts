import OpenAI from 'openai'
import { beforeAll, describe, expect, test } from 'vitest'
import { demoServers, type Served } from '../http/testing.js'

const serve = demoServers()
const model = 'demo'
const messages = [{ role: 'user' as const, content: 'export function add(' }]
const schema = {
  type: 'object',
  properties: { n: { type: 'integer', minimum: 0, maximum: 9 } },
  required: ['n'],
  additionalProperties: false,
}

let served: Served
let client: OpenAI
beforeAll(async () => {
  served = await serve()
  client = new OpenAI({ baseURL: `${served.url}/v1`, apiKey: 'none', maxRetries: 0 })
})

describe('chat', () => {
  const ask = { model, messages, max_tokens: 24, temperature: 0 }

  test('an answer, and the same in a stream', async () => {
    const answer = await client.chat.completions.create(ask)
    expect(answer).toMatchObject({ object: 'chat.completion', model, choices: [{ index: 0, logprobs: null }] })
    const [choice] = answer.choices
    expect(choice!.message).toMatchObject({ role: 'assistant', refusal: null })
    expect(choice!.message.content).not.toBe('')
    expect(choice!.finish_reason).toBe('length')
    expect(answer.usage).toMatchObject({ completion_tokens: 24 })
    expect(answer.usage!.total_tokens).toBe(answer.usage!.prompt_tokens + 24)

    const stream = await client.chat.completions.create({
      ...ask,
      stream: true,
      stream_options: { include_usage: true },
    })
    const chunks = []
    for await (const chunk of stream) chunks.push(chunk)
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(choice!.message.content)
    expect(chunks[0]!.choices[0]!.delta.role).toBe('assistant')
    expect(chunks.at(-2)!.choices[0]).toMatchObject({ delta: {}, finish_reason: 'length' })
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 24 } })
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true)
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1)
  })

  test('what was read once is cached', async () => {
    const content = 'const greeting = "hello"\nconst answer = 42\n'.repeat(4)
    const twice = { ...ask, messages: [{ role: 'user' as const, content }], max_tokens: 2 }
    await client.chat.completions.create(twice)
    const { usage } = await client.chat.completions.create(twice)
    expect(usage!.prompt_tokens_details!.cached_tokens).toBeGreaterThan(usage!.prompt_tokens / 2)
  })

  test('several choices, of their own seeds, in one answer and in one stream', async () => {
    const several = { ...ask, temperature: 1, seed: 7, n: 3 }
    const answer = await client.chat.completions.create(several)
    const texts = answer.choices.map(({ message }) => message.content)
    expect(answer.choices.map(({ index }) => index)).toEqual([0, 1, 2])
    expect(new Set(texts).size).toBe(3)
    expect(answer.usage!.completion_tokens).toBeGreaterThan(24)
    const streamed = ['', '', '']
    const ends: (string | null)[] = []
    for await (const { choices } of await client.chat.completions.create({ ...several, stream: true })) {
      streamed[choices[0]!.index] += choices[0]!.delta.content ?? ''
      if (choices[0]!.finish_reason) ends.push(choices[0]!.finish_reason)
    }
    expect(streamed).toEqual(texts)
    expect(ends).toHaveLength(3)
  })

  test('a seed gives the same text with drafts and without', async () => {
    const seeded = { ...ask, temperature: 0.8, seed: 11 }
    const text = async (more: object): Promise<string | null> =>
      (await client.chat.completions.create({ ...seeded, ...more })).choices[0]!.message.content
    const first = await text({})
    expect(await text({})).toBe(first)
    expect(await text({ speculative: { enabled: false } })).toBe(first)
    expect(await text({ seed: 12 })).not.toBe(first)
  })

  test('ends before a stop string', async () => {
    const text = (await client.chat.completions.create(ask)).choices[0]!.message.content!
    const middle = text.slice(20, 24)
    const { choices } = await client.chat.completions.create({ ...ask, stop: [middle] })
    expect(choices[0]!.finish_reason).toBe('stop')
    expect(choices[0]!.message.content).toBe(text.slice(0, text.indexOf(middle)))
  })

  test('log-probabilities, in one answer and in a stream', async () => {
    const wanted = { ...ask, max_tokens: 8, logprobs: true, top_logprobs: 3 }
    const { choices } = await client.chat.completions.create(wanted)
    const told = choices[0]!.logprobs!.content!
    expect(told).toHaveLength(8)
    expect(told.map(({ token }) => token).join('')).toBe(choices[0]!.message.content)
    for (const { token, logprob, bytes, top_logprobs } of told) {
      expect(logprob).toBeLessThanOrEqual(0)
      expect(new TextDecoder().decode(Uint8Array.from(bytes!))).toBe(token)
      expect(top_logprobs).toHaveLength(3)
      // Greedy: what was said is what was likeliest.
      expect(top_logprobs[0]!.token).toBe(token)
    }
    const streamed = []
    for await (const chunk of await client.chat.completions.create({ ...wanted, stream: true })) {
      streamed.push(...(chunk.choices[0]!.logprobs?.content ?? []))
    }
    expect(streamed.map(({ token }) => token)).toEqual(told.map(({ token }) => token))
  })

  test('JSON, and JSON that a schema holds for', async () => {
    const { choices } = await client.chat.completions.create({
      ...ask,
      max_tokens: 100,
      response_format: { type: 'json_schema', json_schema: { name: 'digit', schema } },
    })
    const { n } = JSON.parse(choices[0]!.message.content!) as { n: number }
    expect(n).toBeGreaterThanOrEqual(0)
    expect(n).toBeLessThanOrEqual(9)
    const free = await client.chat.completions.create({ ...ask, response_format: { type: 'json_object' } })
    expect(free.choices[0]!.message.content!.trimStart()[0]).toBe('{')
  })

  test('a tool that must be called is called, in one answer and in a stream', async () => {
    const wanted = {
      ...ask,
      max_tokens: 100,
      tools: [{ type: 'function' as const, function: { name: 'pick', parameters: schema } }],
      tool_choice: 'required' as const,
      parallel_tool_calls: false,
    }
    const { choices } = await client.chat.completions.create(wanted)
    expect(choices[0]!.finish_reason).toBe('tool_calls')
    const [call] = choices[0]!.message.tool_calls!
    expect(call).toMatchObject({ type: 'function', function: { name: 'pick' } })
    const runner = client.chat.completions.stream(wanted)
    const message = await runner.finalMessage()
    const [streamed] = message.tool_calls!
    expect(streamed).toMatchObject({ type: 'function', function: { name: 'pick' } })
    const text = (one: typeof call): string => (one?.type === 'function' ? one.function.arguments : '')
    expect(text(streamed)).toBe(text(call))
    expect(JSON.parse(text(call))).toHaveProperty('n')
  })

  test('what was predicted is told apart', async () => {
    const { choices } = await client.chat.completions.create({ ...ask, max_tokens: 60 })
    const content = choices[0]!.message.content!
    const { usage } = await client.chat.completions.create({
      ...ask,
      max_tokens: 60,
      prediction: { type: 'content', content: [{ type: 'text', text: content }] },
    })
    const { accepted_prediction_tokens, rejected_prediction_tokens } = usage!.completion_tokens_details!
    // How much is drafted depends on what pays here and now.
    expect(accepted_prediction_tokens).toBeLessThan(60)
    expect(rejected_prediction_tokens).toBeGreaterThanOrEqual(0)
  })
})

describe('completions', () => {
  const ask = { model, prompt: 'export function add(', max_tokens: 16, temperature: 0 }

  test('an answer, and the same in a stream, with the prompt in front if it is asked for', async () => {
    const answer = await client.completions.create(ask)
    expect(answer).toMatchObject({ object: 'text_completion', choices: [{ finish_reason: 'length' }] })
    const { text } = answer.choices[0]!
    let streamed = ''
    for await (const { choices } of await client.completions.create({ ...ask, stream: true, echo: true })) {
      streamed += choices[0]!.text
    }
    expect(streamed).toBe(ask.prompt + text)
  })

  test('several prompts, as texts and as tokens', async () => {
    const tokens = served.engine.target.tokenizer.encode(ask.prompt, { start: true })
    const [asText, asTokens] = await Promise.all([
      client.completions.create({ ...ask, prompt: [ask.prompt, 'const a = '] }),
      client.completions.create({ ...ask, prompt: [tokens] }),
    ])
    expect(asText.choices.map(({ index }) => index)).toEqual([0, 1])
    expect(asTokens.choices[0]!.text).toBe(asText.choices[0]!.text)
  })

  test('log-probabilities', async () => {
    const { choices } = await client.completions.create({ ...ask, logprobs: 2 })
    const { text, logprobs } = choices[0]!
    expect(logprobs!.tokens!.join('')).toBe(text)
    expect(logprobs!.token_logprobs).toHaveLength(16)
    expect(Object.keys(logprobs!.top_logprobs![0]!)).toHaveLength(2)
    expect(logprobs!.text_offset![1]).toBe(logprobs!.tokens![0]!.length)
  })

  test('the origin of each token, and what it took', async () => {
    interface Traced {
      foretoken?: { tokens?: { text: string; origin: string }[]; stats?: { tokens: number; strategy: string } }
    }
    let [text, traced] = ['', '']
    const origins = new Set<string>()
    let stats: object | undefined
    const more = { speculative: { trace: true, maxDraft: 4 } }
    const stream = await client.completions.create({ ...ask, ...more, max_tokens: 40, stream: true })
    for await (const chunk of stream) {
      const { foretoken } = chunk as Traced
      text += chunk.choices[0]!.text
      for (const token of foretoken?.tokens ?? []) {
        traced += token.text
        origins.add(token.origin)
      }
      stats = foretoken?.stats ?? stats
    }
    expect(text.startsWith(traced)).toBe(true)
    for (const origin of origins) expect(['accepted', 'corrected', 'bonus', 'plain']).toContain(origin)
    expect(stats).toMatchObject({ tokens: 40, strategy: 'draft' })
  })
})

test('the models', async () => {
  const { data } = await client.models.list()
  expect(data).toMatchObject([{ id: model, object: 'model', owned_by: 'foretoken' }])
  expect(await client.models.retrieve(model)).toMatchObject({ id: model, foretoken: { strategies: ['draft'] } })
})

describe('what is refused', () => {
  const refusals: [
    string,
    number,
    { code: string | null; param: string | null | undefined },
    () => Promise<unknown>,
  ][] = [
    [
      'another model',
      404,
      { code: 'model_not_found', param: 'model' },
      () => client.chat.completions.create({ model: 'gpt-4', messages }),
    ],
    [
      'a prompt that does not fit',
      400,
      { code: 'context_length_exceeded', param: null },
      () => client.completions.create({ model, prompt: 'const a = 1\n'.repeat(2000) }),
    ],
    [
      'a temperature out of range',
      400,
      { code: 'invalid_value', param: 'temperature' },
      () => client.chat.completions.create({ model, messages, temperature: 3 }),
    ],
    [
      'an unknown field',
      400,
      { code: 'unknown_parameter', param: 'temprature' },
      () => client.chat.completions.create({ model, messages, temprature: 1 } as never),
    ],
    [
      'no messages',
      400,
      { code: 'missing_required_parameter', param: 'messages' },
      () => client.chat.completions.create({ model } as never),
    ],
    [
      'a picture',
      400,
      { code: 'invalid_value', param: 'messages[0].content[0].type' },
      () =>
        client.chat.completions.create({
          model,
          messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:' } }] }],
        }),
    ],
    [
      'an unknown strategy',
      400,
      { code: null, param: 'speculative.strategy' },
      () => client.completions.create({ model, prompt: 'a', speculative: { strategy: 'luck' } } as never),
    ],
    [
      'a schema that cannot be kept to',
      400,
      { code: null, param: null },
      () =>
        client.chat.completions.create({
          model,
          messages,
          response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'nonsense' } } },
        }),
    ],
  ]

  test.each(refusals)('%s', async (_, status, fields, ask) => {
    const error = await ask().then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(error).toBeInstanceOf(OpenAI.APIError)
    expect(error).toMatchObject({ status, ...fields })
    expect(String((error as Error).message)).not.toMatch(/\n\s+at /)
  })
})

test('who stops reading frees the engine at once', async () => {
  const controller = new AbortController()
  const stream = await client.completions.create(
    { model, prompt: 'const a = ', max_tokens: 900, stream: true, temperature: 0 },
    { signal: controller.signal },
  )
  for await (const _ of stream) {
    expect(served.engine.state.active).toBe(1)
    controller.abort()
    break
  }
  await expect.poll(() => served.engine.state.active, { timeout: 1000, interval: 5 }).toBe(0)
  expect((await client.completions.create({ model, prompt: 'const a = ' })).choices).toHaveLength(1)
})
