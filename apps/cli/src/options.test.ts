import { ForetokenError } from '@foretoken/core'
import { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { draftingOptions, limitOptions, modelOptions, parseLength } from './options.js'
import { samplingOptions } from './sampling-options.js'

describe('parseLength', () => {
  test.each([
    ['4', 'fixed 4'],
    ['0', 'fixed 0'],
    ['fixed:6', 'fixed 6'],
    ['confidence', 'confidence 0.4, at most 8'],
    ['confidence:0.6', 'confidence 0.6, at most 8'],
    ['confidence:0.6:12', 'confidence 0.6, at most 12'],
  ])('%s is %s', (text, name) => {
    expect(parseLength(text).name).toBe(name)
  })

  test.each(['', 'x', '-1', '1.5', 'fixed', 'confidence:2', 'confidence:a', '4:5', 'confidence:0.1:2:3', 'NaN'])(
    'refuses %j',
    (text) => {
      expect(() => parseLength(text)).toThrow(ForetokenError)
    },
  )
})

describe('options', () => {
  const parse = (...args: string[]) => {
    const command = new Command().exitOverride().configureOutput({ writeErr: () => {} })
    for (const option of [...modelOptions(), ...draftingOptions(), ...samplingOptions(), ...limitOptions(9)])
      command.addOption(option)
    return command.parse(args, { from: 'user' }).opts()
  }

  test('have their defaults', () => {
    expect(parse()).toMatchObject({ gpu: 'auto', temperature: 0, maxTokens: 9, length: { name: 'automatic' } })
  })

  test('are read', () => {
    const flags = parse(
      '--gpu',
      'off',
      '--top-p',
      '0.9',
      '--seed',
      '7',
      '--stop',
      'a\\n',
      '--stop',
      'b',
      '-t',
      '0.5',
      '--threads',
      '2',
    )
    expect(flags).toMatchObject({ gpu: false, topP: 0.9, seed: 7, stop: ['a\n', 'b'], temperature: 0.5, threads: 2 })
  })

  test.each([
    ['--gpu', 'toaster'],
    ['--backend', 'toaster'],
    ['--device', 'toaster'],
    ['--top-p', '1.5'],
    ['--top-p', ''],
    ['--seed', '1.5'],
    ['--seed', '-1'],
    ['--threads', '0'],
    ['--temperature', 'hot'],
    ['--max-tokens', '0'],
    ['--length', 'long'],
  ])('%s %s is refused', (...args) => {
    expect(() => parse(...args)).toThrow(/is invalid/)
  })
})
