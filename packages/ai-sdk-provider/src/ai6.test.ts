import type { LanguageModelV3 } from '@ai-sdk/provider-3'
import { draftModel, fixedLength } from '@foretoken/core'
import { generateText, Output, stepCountIs, streamText, tool, type ToolSet } from 'ai-6'
import { beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { foretokenV3 } from './foretoken.js'
import { demoPair } from './testing.js'

const pair = demoPair()
let model: LanguageModelV3
beforeAll(() => {
  model = foretokenV3({ model: pair.target, strategy: draftModel({ model: pair.draft }), length: fixedLength(4) })
})

const prompt = 'export function debounce('
const digit = z.object({ n: z.int().min(0).max(9) })

it('generateText and streamText say the same', async () => {
  const settings = { model, prompt, maxOutputTokens: 40 }
  const whole = await generateText(settings)
  expect(whole.finishReason).toBe('length')
  expect(whole.usage).toMatchObject({ outputTokens: 40 })
  expect(whole.providerMetadata!.foretoken!.tau).toBeGreaterThan(1)
  const stream = streamText(settings)
  let text = ''
  for await (const piece of stream.textStream) text += piece
  expect(text).toBe(whole.text)
})

it('keeps to a schema', async () => {
  const { output } = await generateText({ model, prompt, output: Output.object({ schema: digit }) })
  expect(output.n).toBeLessThanOrEqual(9)
})

it('goes round with a tool', async () => {
  // The SDK's own types do not hold with exactOptionalPropertyTypes.
  const tools = { pick: tool({ inputSchema: digit, execute: ({ n }) => n + 1 }) } as unknown as ToolSet
  const { steps } = await generateText({
    model,
    prompt,
    tools,
    stopWhen: stepCountIs(2),
    maxOutputTokens: 60,
    prepareStep: ({ stepNumber }) => ({ toolChoice: stepNumber === 0 ? 'required' : 'none' }),
  })
  expect(steps).toHaveLength(2)
  expect(steps[0]!.toolResults[0]).toMatchObject({ toolName: 'pick', output: expect.any(Number) })
})

it('leaves images out, with a warning', async () => {
  const image = {
    type: 'image' as const,
    image: new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10]),
    mediaType: 'image/png',
  }
  globalThis.AI_SDK_LOG_WARNINGS = false
  const { warnings } = await generateText({
    model,
    messages: [{ role: 'user', content: [{ type: 'text', text: prompt }, image] }],
    maxOutputTokens: 2,
  })
  expect(warnings).toEqual([expect.objectContaining({ type: 'unsupported', feature: 'file parts in messages' })])
})
