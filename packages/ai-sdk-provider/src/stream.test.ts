import { InvalidPromptError, UnsupportedFunctionalityError, type LanguageModelV4FunctionTool } from '@ai-sdk/provider'
import { ForetokenError, type DraftStrategy } from '@foretoken/core'
import { describe, expect, it } from 'vitest'
import { foretoken } from './foretoken.js'
import { ask, read, sayer, short } from './testing.js'

const start = ['stream-start', 'response-metadata']
const tool = (name: string): LanguageModelV4FunctionTool => ({
  type: 'function',
  name,
  inputSchema: { type: 'object', properties: { a: { type: 'integer' } } },
})
const tools = [tool('f'), tool('g')]
const call = (name: string, given: string): string =>
  `<tool_call>\n{"name": "${name}", "arguments": ${given}}\n</tool_call>`

const streamed = async (text: string, options = {}): Promise<string[]> => {
  const { stream } = await foretoken({ model: sayer(text) }).doStream(ask(options))
  return short(await read(stream))
}
const callParts = (name: string, given: string): string[] => [
  'tool-input-start',
  `tool-input-delta ${given}`,
  'tool-input-end',
  `tool-call ${name}(${given})`,
]

describe('the parts of a stream', () => {
  it('of words', async () => {
    expect(await streamed('Yes.')).toEqual([...start, 'text-start', 'text-delta Yes.', 'text-end', 'finish stop'])
  })

  it('of nothing', async () => {
    expect(await streamed('')).toEqual([...start, 'finish stop'])
  })

  it('of words up to a stop, and up to a limit', async () => {
    const words = (text: string): string[] => [...start, 'text-start', `text-delta ${text}`, 'text-end']
    expect(await streamed('One. Two.', { stopSequences: ['. T'] })).toEqual([...words('One'), 'finish stop'])
    expect(await streamed('One. Two.', { maxOutputTokens: 4 })).toEqual([...words('One.'), 'finish length'])
  })

  it('of a call after words', async () => {
    expect(await streamed(`Let me see. ${call('f', '{"a": 1}')}`, { tools })).toEqual([
      ...start,
      'text-start',
      'text-delta Let me see.',
      'text-end',
      ...callParts('f', '{"a": 1}'),
      'finish tool-calls',
    ])
  })

  it('of two calls, and words after them', async () => {
    expect(await streamed(`${call('f', '{}')}\n${call('g', '{"a": 2}')}\nSo.`, { tools })).toEqual([
      ...start,
      ...callParts('f', '{}'),
      ...callParts('g', '{"a": 2}'),
      'text-start',
      'text-delta \nSo.',
      'text-end',
      'finish tool-calls',
    ])
  })

  it('of a call that is cut off: it is not run', async () => {
    const options = { tools, maxOutputTokens: call('f', '{"a": 1').length - 14 }
    expect(await streamed(call('f', '{"a": 12}'), options)).toEqual([
      ...start,
      'tool-input-start',
      'tool-input-delta {"a": 1',
      'tool-input-end',
      'finish length',
    ])
  })

  it('of what looks like a call where tools are not to be used', async () => {
    const text = call('f', '{}')
    const words = [...start, 'text-start', `text-delta ${text}`, 'text-end', 'finish stop']
    expect(await streamed(text, { tools, toolChoice: { type: 'none' } })).toEqual(words)
    expect(await streamed(text)).toEqual(words)
  })

  it('are one result for doGenerate', async () => {
    const model = foretoken({ model: sayer(`Let me see. ${call('f', '{"a": 1}')}`), modelId: 'sayer' })
    const result = await model.doGenerate(ask({ tools, seed: 7 }))
    expect(result).toMatchObject({
      content: [
        { type: 'text', text: 'Let me see.' },
        { type: 'tool-call', toolName: 'f', input: '{"a": 1}', toolCallId: expect.stringMatching(/^call_/) },
      ],
      finishReason: { unified: 'tool-calls', raw: 'end' },
      response: { modelId: 'sayer', id: expect.any(String), timestamp: expect.any(Date) },
      warnings: [],
    })
    expect(result.providerMetadata!.foretoken).toMatchObject({
      alpha: null,
      tau: 1,
      seed: 7,
      lossy: false,
      warnings: [],
    })
  })
})

describe('warnings', () => {
  it('for what is left out of a prompt and of tools', async () => {
    const image = { type: 'file' as const, mediaType: 'image/png', data: { type: 'data' as const, data: 'AAAA' } }
    const { warnings, usage } = await foretoken({ model: sayer('') }).doGenerate(
      ask({
        prompt: [{ role: 'user', content: [image, { type: 'text', text: 'What is it?' }, image] }],
        tools: [{ type: 'provider', id: 'openai.web_search', name: 'search', args: {} }],
        reasoning: 'high',
      }),
    )
    expect(warnings.map((warning) => warning.type === 'unsupported' && warning.feature)).toEqual([
      'file parts in messages',
      'provider-defined tool openai.web_search',
      'reasoning',
    ])
    expect(usage.inputTokens.total).toBe('<|im_start|>user\nWhat is it?<|end|>\n<|im_start|>assistant\n'.length)
  })

  it('for a strategy that fails, which harms nothing', async () => {
    const failing: DraftStrategy = {
      name: 'failing',
      open: () => ({
        propose() {
          throw new Error('no luck')
        },
      }),
    }
    const model = foretoken({ model: sayer('Yes.'), strategy: failing })
    const { content, warnings, providerMetadata } = await model.doGenerate(ask())
    expect(content).toEqual([{ type: 'text', text: 'Yes.' }])
    expect(warnings[0]).toEqual({ type: 'other', message: expect.stringContaining('no luck') })
    expect(warnings).toHaveLength((providerMetadata!.foretoken!.warnings as string[]).length)
  })
})

describe('errors', () => {
  it.each([
    [
      'a prompt that is too long',
      { prompt: [{ role: 'system' as const, content: 'x'.repeat(5000) }] },
      'context holds',
    ],
    ['a template that refuses', { ...ask(), refuse: true }, 'refused the messages'],
  ])('%s is an invalid prompt', async (_, { prompt, ...rest }, words) => {
    const refuse = (): never => {
      throw new ForetokenError('unsupported', "The model's chat template refused the messages (x).")
    }
    const model = foretoken({ model: 'refuse' in rest ? sayer('', {}, refuse) : sayer('') })
    for (const made of [model.doGenerate({ prompt }), model.doStream({ prompt })]) {
      const error = await Promise.resolve(made).catch((error: unknown) => error)
      expect(InvalidPromptError.isInstance(error)).toBe(true)
      expect((error as Error).message).toContain(words)
    }
  })

  it('a format that the backend cannot hold to is unsupported', async () => {
    const made = foretoken({ model: sayer('') }).doStream(ask({ responseFormat: { type: 'json' } }))
    const error = await Promise.resolve(made).catch((error: unknown) => error)
    expect(UnsupportedFunctionalityError.isInstance(error)).toBe(true)
  })

  it.each([
    [{ temperature: -1 }, 'temperature'],
    [{ maxOutputTokens: 0 }, 'maxTokens'],
    [{ toolChoice: { type: 'required' as const } }, 'no tools'],
    [{ tools, toolChoice: { type: 'tool' as const, toolName: 'h' } }, 'not among tools'],
    [{ providerOptions: { foretoken: { predict: 'x' } } }, 'There is no providerOptions.foretoken.predict'],
    [{ providerOptions: { foretoken: { speculative: 'no' } } }, 'must be true or false'],
    [{ providerOptions: { foretoken: { verifier: 'toString' } } }, 'must be one of'],
  ])('%j is an invalid argument', async (options, words) => {
    await expect(foretoken({ model: sayer('') }).doStream(ask(options))).rejects.toMatchObject({
      name: 'AI_InvalidArgumentError',
      message: expect.stringContaining(words),
    })
  })

  it('in the middle of a stream are a part of it', async () => {
    const model = sayer('A long answer.')
    const { stream } = await foretoken({ model }).doStream(ask())
    const reader = stream.getReader()
    await reader.read()
    await model.dispose()
    reader.releaseLock()
    const parts = await read(stream)
    expect(parts.at(-1)).toMatchObject({ type: 'error', error: { name: 'ForetokenError', code: 'disposed' } })
  })
})

describe('leaving', () => {
  it('a stream that is not read computes nothing', async () => {
    const model = sayer('Yes.')
    await foretoken({ model }).doStream(ask())
    expect(model.passes).toBe(0)
  })

  it('a stream that is cancelled ends, and makes room', async () => {
    const model = sayer('x'.repeat(2000), { maxSequences: 1 })
    const { stream } = await foretoken({ model }).doStream(ask())
    const reader = stream.getReader()
    for (let i = 0; i < 5; i++) await reader.read()
    await reader.cancel()
    const { content } = await foretoken({ model }).doGenerate(ask({ maxOutputTokens: 3 }))
    expect(content).toEqual([{ type: 'text', text: 'xxx' }])
    expect(model.passes).toBeLessThan(1000)
  })

  it('a reader that goes away without a word keeps nobody waiting', async () => {
    const model = sayer('x'.repeat(300), { maxSequences: 1 })
    const { stream } = await foretoken({ model }).doStream(ask())
    await stream.getReader().read()
    const { content } = await foretoken({ model }).doGenerate(ask({ maxOutputTokens: 3 }))
    expect(content).toEqual([{ type: 'text', text: 'xxx' }])
  })
})
