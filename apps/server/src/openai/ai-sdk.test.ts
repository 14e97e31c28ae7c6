import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { APICallError, generateObject, generateText, jsonSchema, streamText, tool, type ToolSet } from 'ai'
import { beforeAll, expect, test } from 'vitest'
import { demoServers } from '../http/testing.js'

const serve = demoServers()
const prompt = 'export function add('
const digit = jsonSchema<{ n: number }>({
  type: 'object',
  properties: { n: { type: 'integer', minimum: 0, maximum: 9 } },
  required: ['n'],
  additionalProperties: false,
})

let provider: ReturnType<typeof createOpenAICompatible>
beforeAll(async () => {
  const { url } = await serve()
  provider = createOpenAICompatible({
    name: 'foretoken',
    baseURL: `${url}/v1`,
    supportsStructuredOutputs: true,
    includeUsage: true,
  })
})

test('generateText and streamText say the same', async () => {
  const settings = { model: provider('demo'), prompt, maxOutputTokens: 24, temperature: 0.7, seed: 3 }
  const whole = await generateText(settings)
  expect(whole.text).not.toBe('')
  expect(whole.finishReason).toBe('length')
  expect(whole.usage).toMatchObject({ outputTokens: 24 })
  const stream = streamText(settings)
  let text = ''
  for await (const piece of stream.textStream) text += piece
  expect(text).toBe(whole.text)
  expect(await stream.usage).toMatchObject({ outputTokens: 24 })
})

test('a completion model', async () => {
  const { text } = await generateText({ model: provider.completionModel('demo'), prompt, maxOutputTokens: 8 })
  expect(text).not.toBe('')
})

test('generateObject keeps to its schema', async () => {
  const { object } = await generateObject({ model: provider('demo'), prompt, schema: digit, maxOutputTokens: 100 })
  expect(object.n).toBeGreaterThanOrEqual(0)
  expect(object.n).toBeLessThanOrEqual(9)
})

test('a tool that must be called', async () => {
  // The SDK's own types do not hold with exactOptionalPropertyTypes.
  const tools = { pick: tool({ description: 'Picks a digit.', inputSchema: digit }) } as unknown as ToolSet
  const settings = { model: provider('demo'), prompt, tools, toolChoice: 'required' as const, maxOutputTokens: 100 }
  const { toolCalls, finishReason } = await generateText(settings)
  expect(finishReason).toBe('tool-calls')
  expect(toolCalls[0]).toMatchObject({ toolName: 'pick', input: { n: expect.any(Number) } })
  const streamed = await streamText(settings).toolCalls
  expect(streamed[0]).toMatchObject({ toolName: 'pick', input: { n: expect.any(Number) } })
})

test('an error is read as one', async () => {
  const error = await generateText({ model: provider('other'), prompt, maxRetries: 0 }).catch((error: unknown) => error)
  expect(APICallError.isInstance(error)).toBe(true)
  expect(error).toMatchObject({ statusCode: 404, message: expect.stringContaining("no model 'other'") })
})
