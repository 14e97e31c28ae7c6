import { ForetokenError } from '@foretoken/core'
import { CommanderError } from 'commander'
import { describe, expect, test } from 'vitest'
import { describeFailure, Interrupted } from './failure.js'

describe('describeFailure', () => {
  test('a Foretoken error: its code and message on one line', () => {
    const error = new ForetokenError('model-file', 'It is no GGUF.\n  Pass another.')
    expect(describeFailure(error, false)).toEqual({
      code: 2,
      lines: ['error [model-file]: It is no GGUF. Pass another.'],
    })
    expect(describeFailure(new ForetokenError('out-of-memory', 'Too big.'), false).code).toBe(1)
  })

  test('anything else: the message and advice, never a stack', () => {
    for (const thrown of [new TypeError('x is not a function'), 'a string', undefined]) {
      const { code, lines } = describeFailure(thrown, false)
      expect(code).toBe(1)
      expect(lines).toHaveLength(2)
      expect(lines.join('\n')).not.toMatch(/^\s+at /m)
      expect(lines[1]).toContain('FORETOKEN_DEBUG=1')
    }
  })

  test('stacks and causes when debugging', () => {
    const error = new Error('outer', { cause: new Error('inner') })
    const text = describeFailure(error, true).lines.join('\n')
    expect(text).toMatch(/^\s+at /m)
    expect(text).toContain('caused by Error: inner')
  })

  test('an interruption and commander have said what there is to say', () => {
    expect(describeFailure(new Interrupted(), false)).toEqual({ code: 130, lines: [] })
    expect(describeFailure(new CommanderError(1, 'x', 'unknown option'), false)).toEqual({ code: 2, lines: [] })
    expect(describeFailure(new CommanderError(0, 'x', 'help'), false)).toEqual({ code: 0, lines: [] })
  })
})
