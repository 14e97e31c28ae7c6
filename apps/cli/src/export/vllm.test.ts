import { bestGamma } from '@foretoken/core'
import { describe, expect, it } from 'vitest'
import { hubModel } from './model-name.js'
import { exportVllm, shellLine } from './vllm.js'

const target = { name: 'Qwen/Qwen3-8B', gguf: false }
const draft = { name: 'Qwen/Qwen3-0.6B', gguf: false }

describe('a launch of vLLM', () => {
  it('has the draft model', () => {
    const { command, speculativeConfig, notes } = exportVllm({ target, draft, strategy: 'auto', context: 4096 })
    expect(speculativeConfig).toEqual({ method: 'draft_model', model: 'Qwen/Qwen3-0.6B', num_speculative_tokens: 5 })
    expect(command.slice(0, -1)).toEqual([
      ...['vllm', 'serve', 'Qwen/Qwen3-8B', '--max-model-len', '4096', '--speculative-config'],
    ])
    expect(JSON.parse(command.at(-1)!)).toEqual(speculativeConfig)
    expect(notes.join()).toMatch(/compete.*--alpha/)
    expect(notes.join()).not.toContain('gguf')
  })

  it.each([
    ['prompt-lookup', { method: 'ngram', num_speculative_tokens: 5, prompt_lookup_min: 2, prompt_lookup_max: 4 }],
    ['suffix', { method: 'suffix', num_speculative_tokens: 8 }],
    ['auto', { method: 'suffix', num_speculative_tokens: 8 }],
    ['none', undefined],
  ])('has %s without a draft', (strategy, config) => {
    const { command, speculativeConfig } = exportVllm({ target, strategy })
    expect(speculativeConfig).toEqual(config)
    expect(command.includes('--speculative-config')).toBe(config !== undefined)
  })

  it('drafts as many as were asked for, or as pay at a measured acceptance', () => {
    const tokens = (options: object): number | undefined =>
      exportVllm({ target, draft, strategy: 'draft-model', ...options }).speculativeConfig?.num_speculative_tokens
    expect(tokens({ tokens: 3, alpha: 0.9, cost: 0.1 })).toBe(3)
    expect(tokens({ alpha: 0.8, cost: 0.1 })).toBe(bestGamma({ alpha: 0.8, c: 0.1 }))
    expect(tokens({ alpha: 0.99, cost: 0.001 })).toBe(16)
    expect(tokens({ alpha: 0.8 })).toBe(5)
    expect(tokens({ alpha: 0.05, cost: 0.5 })).toBeUndefined()
  })

  it('says what GGUF needs there', () => {
    const file = { name: 'big.gguf', gguf: true, parts: 3 }
    const { notes } = exportVllm({ target: file, draft, strategy: 'draft-model' })
    expect(notes.filter((note) => note.includes('vllm-gguf-plugin'))).toHaveLength(1)
    expect(notes.join()).toContain('join the 3 parts of big.gguf')
  })

  it.each([
    [{ strategy: 'recycling' }, 'vLLM has nothing like the strategy recycling'],
    [{ strategy: 'suffix|draft-model' }, 'vLLM has nothing like'],
    [{ strategy: 'draft-model' }, 'pass --draft'],
    [{ strategy: 'suffix', alpha: 0.5 }, 'pass --draft-tokens'],
  ])('refuses %j', (options, message) => {
    expect(() => exportVllm({ target, ...options })).toThrow(message)
  })
})

describe('names of the Hub', () => {
  it.each([
    ['Qwen/Qwen3-8B', { name: 'Qwen/Qwen3-8B', gguf: false }],
    ['hf:Qwen/Qwen3-8B', { name: 'Qwen/Qwen3-8B', gguf: false }],
    ['hf:Qwen/Qwen3-8B-GGUF:Q4_K_M', { name: 'Qwen/Qwen3-8B-GGUF:Q4_K_M', gguf: true }],
    ['models/target.gguf', undefined],
    ['package.json', undefined],
  ])('%s', (file, model) => {
    expect(hubModel(file)).toEqual(model)
  })

  it.each(['hf:Qwen/Qwen3-8B-GGUF/model.gguf', 'https://example.com/model.gguf'])('not %s', (file) => {
    expect(() => hubModel(file)).toThrow('user/model:type')
  })
})

it('a line can be pasted into a shell', () => {
  expect(shellLine(['vllm', 'serve', "it's", '{"a":1}', 'a/b:Q4'])).toBe(`vllm serve 'it'\\''s' '{"a":1}' a/b:Q4`)
})
