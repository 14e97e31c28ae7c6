import { describe, expect, it } from 'vitest'
import { readOptions } from './options.js'

describe('options', () => {
  it('has defaults', () => {
    expect(readOptions([])).toMatchObject({
      size: '350m',
      content: ['code', 'edits', 'prose'],
      prompts: 8,
      maxTokens: 64,
      temperature: 0,
      peers: ['llama-speculative-simple', 'llama-server', 'node-llama-cpp', 'transformers.js'],
    })
  })

  it('leaves out what cannot be had at a size, unless it is asked for', () => {
    expect(readOptions(['--size', '1.1b'])?.peers).not.toContain('transformers.js')
    expect(readOptions(['--size', '1.1b', '--peers', 'transformers.js'])?.peers).toEqual(['transformers.js'])
  })

  it('gives nothing where help is wanted', () => {
    expect(readOptions(['--help'])).toBeUndefined()
  })

  it.each([
    [['--size', '7b'], '--size is 7b: use none, 350m, 1.1b'],
    [['--prompts', '1'], 'at least 2'],
    [['--threads', 'two'], '--threads is two'],
    [['--peers', 'ollama'], '--peers is ollama'],
    [['--temperature=-1'], '--temperature is -1'],
    [['--content', ''], '--content'],
    [['--sizes', '350m'], '--help lists the options'],
  ])('refuses %j', (args, message) => {
    expect(() => readOptions(args)).toThrowError(message)
  })
})
