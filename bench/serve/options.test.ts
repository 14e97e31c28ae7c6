import { describe, expect, it } from 'vitest'
import { readOptions } from './options.js'

describe('options', () => {
  it('have defaults', () => {
    expect(readOptions([])).toMatchObject({
      ...{ size: '350m', clients: [1, 2, 4, 8], rounds: 6, requests: 8, maxTokens: 64, llamaServer: true },
    })
  })

  it('a round has a request for each client, unless it is told otherwise', () => {
    expect(readOptions(['--clients', '2,16', '--skip-llama-server'])).toMatchObject({
      ...{ clients: [2, 16], requests: 16, llamaServer: false },
    })
    expect(readOptions(['--clients', '2', '--requests', '3'])).toMatchObject({ requests: 3 })
  })

  it('give nothing where help is wanted', () => {
    expect(readOptions(['--help'])).toBeUndefined()
  })

  it.each([
    [['--size', '7b'], '--size is 7b: use none, 350m, 1.1b'],
    [['--clients', '1,,2'], '--clients is '],
    [['--rounds', '0'], 'at least 1'],
    [['--client', '1'], '--help lists the options'],
  ])('%j is refused', (args, message) => {
    expect(() => readOptions(args)).toThrowError(message)
  })
})
