import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { pad, width } from './cells.js'
import { bytes, count, duration, interval, number, plural, times, timesWithin } from './format.js'
import { createPaint, wantsColor } from './paint.js'
import { bar } from './progress.js'
import { createPromptProgress } from './prompt-progress.js'
import { Region } from './region.js'
import { facts, table } from './table.js'

describe('paint', () => {
  test('colours each line by itself, or nothing', () => {
    expect(createPaint(true).green('a\nb')).toBe('\u001B[32ma\u001B[39m\n\u001B[32mb\u001B[39m')
    expect(createPaint(false).green('a')).toBe('a')
  })

  test.each([
    ['an explicit wish wins', true, { NO_COLOR: '1' }, false, true],
    ['and so does its contrary', false, { FORCE_COLOR: '1' }, true, false],
    ['NO_COLOR', undefined, { NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
    ['an empty NO_COLOR says nothing', undefined, { NO_COLOR: '' }, true, true],
    ['FORCE_COLOR', undefined, { FORCE_COLOR: '1' }, false, true],
    ['FORCE_COLOR=0', undefined, { FORCE_COLOR: '0' }, true, false],
    ['a terminal', undefined, {}, true, true],
    ['a pipe', undefined, {}, false, false],
    ['a dumb terminal', undefined, { TERM: 'dumb' }, true, false],
  ])('%s', (_, wish, env, isTerminal, expected) => {
    expect(wantsColor(wish, env, isTerminal)).toBe(expected)
  })
})

describe('cells', () => {
  test('counts columns, not characters', () => {
    expect(width('abc')).toBe(3)
    expect(width(createPaint(true).red('abc'))).toBe(3)
    expect(width('日本')).toBe(4)
    expect(width('e\u0301')).toBe(1)
    expect(pad('ab', 4)).toBe('ab  ')
    expect(pad('ab', 4, 'right')).toBe('  ab')
    expect(pad('abcdef', 4)).toBe('abcdef')
  })
})

describe('format', () => {
  test('numbers have three digits', () => {
    expect([1234.5, 99.94, 12.34, 1.234, 0.1, 0.01234, 0, NaN].map(number)).toEqual([
      '1,235',
      '99.9',
      '12.3',
      '1.23',
      '0.10',
      '0.012',
      '0.00',
      '–',
    ])
  })

  test('factors and intervals', () => {
    expect(times(1.843)).toBe('1.84x')
    expect(times(NaN)).toBe('–')
    expect(interval({ low: 1.71, high: 1.98 })).toBe('1.71-1.98x')
    expect(timesWithin(1.8, { low: NaN, high: NaN })).toBe('1.80x')
    expect(timesWithin(1.8, { low: 1.7, high: 1.9 })).toBe('1.80x (1.70-1.90x)')
  })

  test('times, sizes, counts', () => {
    expect([0.0423, 1.5, 123, 1500, 12_345].map(duration)).toEqual(['42 us', '1.50 ms', '123 ms', '1.5 s', '12 s'])
    expect([0, 512, 2048, 8_007_008, 5e9].map(bytes)).toEqual(['0 B', '512 B', '2.0 KiB', '7.6 MiB', '4.7 GiB'])
    expect([12, 4096, 3_900_000, 1.1e9, 34e9].map(count)).toEqual(['12', '4.1K', '3.9M', '1.1B', '34.0B'])
    expect([plural(1, 'token'), plural(1200, 'token')]).toEqual(['1 token', '1,200 tokens'])
  })
})

describe('table', () => {
  test('aligns columns; the first to the left', () => {
    expect(
      table(
        [{ title: 'name' }, { title: 'tok/s' }, { title: 'note', align: 'left' }],
        [
          ['plain', '9.5', ''],
          ['draft-model', '18.25', 'x'],
        ],
      ),
    ).toEqual([
      'name          tok/s   note',
      '──────────────────────────',
      'plain           9.5',
      'draft-model   18.25   x',
    ])
  })

  test('facts stand below each other, and may take several lines', () => {
    expect(
      facts([
        ['alpha', '0.8'],
        ['note', 'one\ntwo'],
      ]),
    ).toEqual(['alpha   0.8', 'note    one', '        two'])
  })
})

test('bar', () => {
  expect(bar(0, 4)).toBe('░░░░')
  expect(bar(0.5, 4)).toBe('██░░')
  expect(bar(2, 4)).toBe('████')
})

describe('Region', () => {
  test('draws over what it drew before, and no more often than the eye can follow', () => {
    const stream = new PassThrough({ encoding: 'utf8' })
    let now = 1000
    const region = new Region(stream, () => now)
    region.draw(['one', 'two'])
    region.draw(['three', 'four'])
    now += 100
    region.draw(['five'])
    region.finish()
    region.finish(['six'])
    expect(stream.read()).toBe(
      '\rone\u001B[K\ntwo\u001B[K\n\u001B[J' + '\u001B[2A\rfive\u001B[K\n\u001B[J' + '\rsix\u001B[K\n\u001B[J',
    )
  })

  test('finishing draws what was waiting', () => {
    const stream = new PassThrough({ encoding: 'utf8' })
    const region = new Region(stream, () => 1000)
    region.draw(['a'])
    region.draw(['b'])
    region.finish()
    expect(stream.read()).toBe('\ra\u001B[K\n\u001B[J' + '\u001B[1A\rb\u001B[K\n\u001B[J')
  })
})

describe('the progress of a prompt', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const watch = (isTTY: boolean) => {
    const err = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY })
    const [out, input] = [new PassThrough(), new PassThrough()]
    const progress = createPromptProgress({ out, err, input, env: {}, signal: new AbortController().signal })
    const see = (read: number) => progress.see({ type: 'prompt', text: '', read, total: 2000 })
    const say = () => progress.see({ type: 'token', token: 1, text: 'a', origin: 'plain' })
    return { progress, see, say, shown: () => (err.read() as string | null) ?? '' }
  }

  test('is told where it takes long, from the start on', () => {
    const { see, say, shown } = watch(true)
    see(0)
    vi.advanceTimersByTime(600)
    expect(shown()).toBe('')
    vi.advanceTimersByTime(200)
    expect(shown()).toContain('reading a prompt of 2,000 tokens  ░░░░')
    vi.advanceTimersByTime(200)
    see(1000)
    expect(shown()).toContain(' 50 %')
    say()
    // The bar goes away, and stays away.
    expect(shown()).toBe('\u001B[1A\r\u001B[J')
    say()
    vi.advanceTimersByTime(2000)
    expect(shown()).toBe('')
  })

  test('is one line where nothing can be redrawn', () => {
    const { progress, see, say, shown } = watch(false)
    see(0)
    vi.advanceTimersByTime(800)
    see(512)
    see(1024)
    say()
    progress.done()
    expect(shown()).toBe('reading a prompt of 2,000 tokens …\n')
  })

  test('is not told where it is quick, or the generation fails soon', () => {
    for (const fails of [true, false]) {
      const { progress, see, say, shown } = watch(true)
      see(0)
      vi.advanceTimersByTime(500)
      if (fails) progress.done()
      else say()
      vi.advanceTimersByTime(2000)
      expect(shown()).toBe('')
    }
  })
})
