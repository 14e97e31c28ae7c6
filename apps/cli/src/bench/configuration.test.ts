import { ForetokenError } from '@foretoken/core'
import { describe, expect, test } from 'vitest'
import { checkConfigurations, parseConfiguration, usualNames } from './configuration.js'

describe('parseConfiguration', () => {
  test('a name and a strategy', () => {
    expect(parseConfiguration('plain=none')).toEqual({
      name: 'plain',
      strategy: 'none',
      length: undefined,
      draft: undefined,
      draftTemperature: undefined,
    })
  })

  test('with settings', () => {
    const parsed = parseConfiguration('long = ./mine.ts, length=confidence:0.5:12, draft=a=b.gguf, draft-temperature=0')
    expect(parsed).toMatchObject({ name: 'long', strategy: './mine.ts', draft: 'a=b.gguf', draftTemperature: 0 })
    expect(parsed.length?.name).toBe('confidence 0.5, at most 12')
  })

  test.each([
    '',
    'plain',
    '=none',
    'a=',
    'a=none,x',
    'a=none,gamma=4',
    'a=none,length=x',
    'a=none,draft-temperature=hot',
  ])('refuses %j', (text) => {
    expect(() => parseConfiguration(text)).toThrow(ForetokenError)
  })
})

describe('checkConfigurations', () => {
  test('plain, and all that there is, unless told otherwise', () => {
    const [drafted, alone] = [true, false].map((hasDraft) => checkConfigurations([], hasDraft))
    expect(drafted!.map(({ name }) => name)).toEqual(usualNames)
    expect(drafted![0]).toMatchObject({ name: 'plain', strategy: 'none' })
    expect(alone).toEqual(drafted!.filter(({ strategy }) => strategy !== 'draft-model'))
  })

  test('at least two, of different names', () => {
    const plain = parseConfiguration('plain=none')
    expect(() => checkConfigurations([plain], true)).toThrow(/another/)
    expect(() => checkConfigurations([plain, plain], true)).toThrow(/same name/)
  })
})
