import { describe, expect, it } from 'vitest'
import { readOptions } from './options.js'

describe('the options of test:replicas', () => {
  it('are these when none are given', () => {
    expect(readOptions([])).toEqual({
      ...{ replicas: 2, clients: 20, kills: 20, conversations: 24, turns: 4 },
      json: undefined,
    })
  })

  it('are read', () => {
    expect(readOptions(['--replicas', '3', '--kills', '1', '--json', 'out.json'])).toMatchObject({
      ...{ replicas: 3, clients: 20, kills: 1 },
      json: 'out.json',
    })
    expect(readOptions(['--help'])).toBeUndefined()
  })

  it.each([
    [['--replicas', '1'], '--replicas is 1: use a whole number, at least 2.'],
    [['--kills', 'all'], '--kills is all: use a whole number, at least 1.'],
    [['--speed', '2'], '--help lists the options.'],
  ])('are refused: %j', (args, message) => {
    expect(() => readOptions(args)).toThrow(message)
  })
})
