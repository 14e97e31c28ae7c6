import { describe, expect, it } from 'vitest'
import { readOptions } from './options.js'

describe('options', () => {
  it('have defaults: nobody is refused', () => {
    expect(readOptions([])).toEqual({ clients: 200, minutes: 5, parallel: 8, queue: 200, json: undefined })
    expect(readOptions(['--clients', '20', '--queue', '0'])).toMatchObject({ clients: 20, queue: 0 })
  })

  it('give nothing where help is wanted', () => {
    expect(readOptions(['--help'])).toBeUndefined()
  })

  it.each([
    [['--clients', '0'], '--clients is 0'],
    [['--minutes', 'five'], '--minutes is five'],
    [['--queue=-1'], '--queue is -1'],
    [['--client', '3'], '--help lists the options'],
  ])('%j is refused', (args, message) => {
    expect(() => readOptions(args)).toThrowError(message)
  })
})
