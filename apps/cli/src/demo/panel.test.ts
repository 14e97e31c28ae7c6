import { describe, expect, test } from 'vitest'
import { width } from '../terminal/cells.js'
import { createPaint } from '../terminal/paint.js'
import { layOut, panel } from './panel.js'

const plain = createPaint(false)

describe('layOut', () => {
  test('breaks lines at the width and at line ends, and keeps the last ones', () => {
    const pieces = [{ text: 'abcdefg\nhi', origin: 'plain' as const }]
    expect(layOut(pieces, 3, 10, plain)).toEqual(['abc', 'def', 'g', 'hi'])
    expect(layOut(pieces, 3, 2, plain)).toEqual(['g', 'hi'])
  })

  test('colours what was drafted and accepted, across a break', () => {
    const paint = createPaint(true)
    const pieces = [
      { text: 'p', origin: 'prompt' as const },
      { text: 'abc', origin: 'accepted' as const },
      { text: 'd', origin: 'corrected' as const },
    ]
    expect(layOut(pieces, 3, 9, paint)).toEqual([paint.dim('p') + paint.green('ab'), `${paint.green('c')}d`])
  })

  test('never lets a text move the cursor', () => {
    expect(layOut([{ text: 'a\u001B[2Jb\r\tc\u0007', origin: 'plain' }], 20, 3, plain)).toEqual(['a[2Jb  c'])
  })
})

test('panel: two columns of equal width, whatever they hold', () => {
  const side = (title: string, text: string, tokensPerSecond: number) => ({
    title,
    pieces: [{ text, origin: 'accepted' as const }],
    tokensPerSecond,
  })
  const lines = panel(
    '1/2',
    [side('plain', 'one\ntwo', 10), side('speculative', '日本語日本語', 18)],
    { columns: 43, rows: 3 },
    plain,
  )
  expect(lines).toHaveLength(5)
  expect(lines[0]).toBe('1/2')
  expect(lines[1]).toBe('plain  10.0 tok/s    │ speculative  18.0 tok/s  1.80x'.replace('s    │', 's    │'))
  for (const line of lines.slice(2)) expect(width(line.split('│')[0]!)).toBe(21)
  expect(lines[2]).toContain('日本語日本語')
})
