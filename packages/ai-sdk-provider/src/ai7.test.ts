import { draftModel, fixedLength } from '@foretoken/core'
import {
  generateText,
  InvalidPromptError,
  type LanguageModelUsage,
  Output,
  stepCountIs,
  streamText,
  tool,
  type ToolSet,
} from 'ai'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { foretoken } from './foretoken.js'
import type { ForetokenProviderOptions } from './provider-options.js'
import { demoPair } from './testing.js'

const pair = demoPair()
let model: ReturnType<typeof foretoken>
beforeAll(() => {
  // An automatic length would draft what pays by the clock of a busy machine.
  const length = fixedLength(4)
  model = foretoken({ model: pair.target, strategy: draftModel({ model: pair.draft }), length, modelId: 'demo' })
})

const prompt = 'export function debounce('
const place = z.object({ place: z.enum(['Paris', 'Oslo']), days: z.int().min(1).max(7) })
const validPlace = { place: expect.stringMatching(/^(Paris|Oslo)$/), days: expect.any(Number) }
// The SDK's own types do not hold with exactOptionalPropertyTypes.
const weather = {
  weather: tool({
    description: 'The weather at a place.',
    inputSchema: place,
    execute: ({ place, days }) => `${days} days of rain in ${place}`,
  }),
} as unknown as ToolSet

describe('generateText', () => {
  it('says what the target says, with fewer passes', async () => {
    const settings = { prompt, maxOutputTokens: 60 }
    const plain = await generateText({ model: foretoken({ model: pair.target }), ...settings })
    const { text, finishReason, usage, providerMetadata, response, warnings } = await generateText({
      model,
      ...settings,
    })
    expect(text).toBe(plain.text)
    expect(text.length).toBeGreaterThan(60)
    expect(finishReason).toBe('length')
    expect(usage).toMatchObject({ outputTokens: 60, inputTokens: expect.any(Number) })
    expect(response.modelId).toBe('demo')
    expect(warnings ?? []).toEqual([])
    const { alpha, tau, drafted, accepted, passes, seed, verifier } = providerMetadata!.foretoken!
    expect(alpha).toBeGreaterThan(0.2)
    expect(tau).toBeGreaterThan(1)
    expect(drafted).toBeGreaterThanOrEqual(accepted as number)
    expect(passes).toBeLessThan(60)
    expect(seed).toEqual(expect.any(Number))
    expect(verifier).toBe('greedy')
    expect(plain.providerMetadata!.foretoken).toMatchObject({ alpha: null, tau: 1, drafted: 0 })
  })

  it('tells the speed-up where the length is automatic', async () => {
    const automatic = foretoken({ model: pair.target, strategy: draftModel({ model: pair.draft }) })
    const { providerMetadata } = await generateText({ model: automatic, prompt, maxOutputTokens: 60 })
    expect(providerMetadata!.foretoken!.speedUp).toBeGreaterThan(0)
  })

  it('gives a text again by its seed, and keeps to stops', async () => {
    const settings = { model, prompt, maxOutputTokens: 40, temperature: 0.9, topK: 40, topP: 0.95, seed: 5 }
    const one = await generateText(settings)
    expect((await generateText(settings)).text).toBe(one.text)
    const stop = one.text.slice(10, 14)
    const stopped = await generateText({ ...settings, stopSequences: [stop] })
    expect(stopped.finishReason).toBe('stop')
    expect(stopped.text).toBe(one.text.slice(0, one.text.indexOf(stop)))
  })

  it('does not draft when asked not to, and drafts what is expected first', async () => {
    const ask = async (foretoken: ForetokenProviderOptions) => {
      const settings = { model, prompt, maxOutputTokens: 60, providerOptions: { foretoken } }
      const { text, providerMetadata } = await generateText(settings)
      return { text, ...providerMetadata!.foretoken }
    }
    const plain = await ask({ speculative: false })
    expect(plain).toMatchObject({ drafted: 0, tau: 1 })
    const predicted = await ask({ prediction: plain.text })
    expect(predicted.text).toBe(plain.text)
    expect(predicted).toMatchObject({ alpha: 1 })
  })

  it('does not read again what a conversation has said', async () => {
    const one = await generateText({ model, prompt, maxOutputTokens: 20 })
    const messages = [
      { role: 'user' as const, content: prompt },
      { role: 'assistant' as const, content: one.text },
      { role: 'user' as const, content: '// and then' },
    ]
    const again = await generateText({ model, messages, maxOutputTokens: 5 })
    const cached = (usage: LanguageModelUsage) => usage.inputTokenDetails.cacheReadTokens
    expect(cached(again.usage)).toBeGreaterThanOrEqual(one.usage.inputTokens! - 1)
  })

  it('serves several at once', async () => {
    const prompts = ['function add(', 'class Queue {', 'const wait =', 'import fs', '// The first']
    const alone: string[] = []
    for (const prompt of prompts) alone.push((await generateText({ model, prompt, maxOutputTokens: 30 })).text)
    const together = await Promise.all(prompts.map((prompt) => generateText({ model, prompt, maxOutputTokens: 30 })))
    expect(together.map(({ text }) => text)).toEqual(alone)
  })

  it('refuses what is too long as the SDK does', async () => {
    const error = await generateText({ model, prompt: 'long '.repeat(20_000) }).catch((error: unknown) => error)
    expect(InvalidPromptError.isInstance(error)).toBe(true)
  })
})

describe('structured output', () => {
  it('keeps to its schema', async () => {
    const { output } = await generateText({
      model,
      prompt,
      output: Output.object({ schema: place }),
      maxOutputTokens: 100,
    })
    expect(output).toEqual(validPlace)
  })

  it('streams it in part', async () => {
    const { partialOutputStream, output } = streamText({ model, prompt, output: Output.object({ schema: place }) })
    const partial: unknown[] = []
    for await (const part of partialOutputStream) partial.push(part)
    expect(partial.length).toBeGreaterThan(1)
    expect(partial.at(-1)).toEqual(await output)
    expect(await output).toEqual(validPlace)
  })

  it('chooses', async () => {
    const { output } = await generateText({ model, prompt, output: Output.choice({ options: ['yes', 'no'] }) })
    expect(['yes', 'no']).toContain(output)
  })
})

describe('tools', () => {
  it('go round: a call, its result, and words', async () => {
    const { steps, text } = await generateText({
      model,
      prompt,
      tools: weather,
      stopWhen: stepCountIs(2),
      maxOutputTokens: 80,
      prepareStep: ({ stepNumber }) => ({ toolChoice: stepNumber === 0 ? 'required' : 'none' }),
    })
    expect(steps).toHaveLength(2)
    expect(steps[0]!.finishReason).toBe('tool-calls')
    expect(steps[0]!.toolCalls[0]).toMatchObject({ toolName: 'weather', input: validPlace })
    expect(steps[0]!.toolResults[0]!.output).toMatch(/^\d days of rain in (Paris|Oslo)$/)
    expect(steps[1]!.usage.inputTokens).toBeGreaterThan(10)
    expect(text).toBe(steps[1]!.text)
  })

  it('are streamed, by name', async () => {
    const toolChoice = { type: 'tool' as const, toolName: 'weather' }
    const stream = streamText({ model, prompt, tools: weather, toolChoice, maxOutputTokens: 80 })
    const types: string[] = []
    for await (const part of stream.stream) types.push(part.type)
    expect(types).toEqual(expect.arrayContaining(['tool-input-start', 'tool-input-delta', 'tool-call', 'tool-result']))
    expect(await stream.finishReason).toBe('tool-calls')
    expect((await stream.toolCalls)[0]).toMatchObject({ input: validPlace })
  })
})

it('an output format keeps tools from being called, and that is told', async () => {
  const output = Output.object({ schema: place })
  globalThis.AI_SDK_LOG_WARNINGS = false
  const { warnings, toolCalls } = await generateText({ model, prompt, output, tools: weather, maxOutputTokens: 100 })
  expect(warnings).toEqual([expect.objectContaining({ feature: 'tools together with an output format' })])
  expect(toolCalls).toEqual([])
})

describe('streamText', () => {
  it('says what generateText says', async () => {
    const settings = { model, prompt, maxOutputTokens: 40, temperature: 0.7, seed: 3 }
    const stream = streamText(settings)
    const pieces: string[] = []
    for await (const piece of stream.textStream) pieces.push(piece)
    expect(pieces.length).toBeGreaterThan(5)
    const whole = await generateText(settings)
    expect(pieces.join('')).toBe(whole.text)
    expect((await stream.usage).outputTokens).toBe(whole.usage.outputTokens)
    expect((await stream.providerMetadata)!.foretoken).toMatchObject({ seed: 3, verifier: 'coupled' })
  })

  it('ends when it is aborted, and the model goes on', async () => {
    const stop = new AbortController()
    let said = 0
    const stream = streamText({ model, prompt, abortSignal: stop.signal })
    const types: string[] = []
    for await (const part of stream.stream) {
      types.push(part.type)
      if (part.type === 'text-delta' && ++said === 5) stop.abort()
    }
    expect(types.at(-1)).toBe('abort')
    expect(said).toBeLessThan(40)
    const after = await generateText({ model, prompt, maxOutputTokens: 20 })
    const plain = await generateText({ model: foretoken({ model: pair.target }), prompt, maxOutputTokens: 20 })
    expect(after.text).toBe(plain.text)
  })

  it('generateText rejects when it is aborted', async () => {
    const abortSignal = AbortSignal.timeout(5)
    await expect(generateText({ model, prompt, abortSignal })).rejects.toMatchObject({ name: 'TimeoutError' })
    await expect(generateText({ model, prompt, abortSignal })).rejects.toMatchObject({ name: 'TimeoutError' })
  })
})
