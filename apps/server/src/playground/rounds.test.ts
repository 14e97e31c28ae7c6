import { describe, expect, it } from 'vitest'
import { compareTexts } from '../../playground/compare.js'
import { ORIGINS, type Origin } from '../../playground/protocol.js'
import { describeRound, Rounds } from '../../playground/rounds.js'
import { serverSentData } from '../../playground/server-sent.js'
import { Stopwatch } from '../../playground/stopwatch.js'

function roundsOf(letters: string): Rounds {
  const rounds = new Rounds()
  for (const letter of letters) {
    const origin = ORIGINS.find((origin) => origin.startsWith(letter)) as Origin
    rounds.push({ text: letter, origin })
  }
  return rounds
}

describe('rounds', () => {
  it('end with a token of the target', () => {
    const { list } = roundsOf('aacpaaba')
    expect(list.map(({ accepted, own }) => [accepted, own])).toEqual([
      [2, 'corrected'],
      [0, 'plain'],
      [2, 'bonus'],
      [1, undefined],
    ])
  })

  it('count tokens per pass', () => {
    expect(roundsOf('aacpaab').tau).toBeCloseTo(7 / 3)
    expect(new Rounds().tau).toBeNaN()
  })

  it('count acceptance by position, up to the first refusal', () => {
    // Refused at the third, at the first; accepted to the second; nothing drafted.
    expect(roundsOf('aaccaabp').positions()).toEqual([
      { judged: 3, kept: 2 },
      { judged: 2, kept: 2 },
      { judged: 1, kept: 0 },
    ])
  })

  it('count acceptance from the eighth position on in one', () => {
    expect(
      roundsOf(`${'a'.repeat(10)}b${'a'.repeat(8)}c`)
        .positions()
        .slice(6),
    ).toEqual([
      { judged: 2, kept: 2 },
      { judged: 5, kept: 4 },
    ])
  })

  it('append text that was held back to the last token', () => {
    const rounds = roundsOf('ab')
    rounds.append('…')
    expect(rounds.text).toBe('ab…')
    expect(new Rounds().append('x')).toBeUndefined()
  })

  it('tell in words what happened', () => {
    const { list } = roundsOf('aaccpab')
    expect(list.map(describeRound)).toEqual([
      'Pass 1: 2 guesses accepted, the next one refused and corrected by the target.',
      'Pass 2: the first guess refused and corrected by the target.',
      'Pass 3: nothing was guessed, one token of the target’s own.',
      'Pass 4: 1 guess accepted, which was all of them, and one more token from the target.',
    ])
  })
})

describe('a guess that was refused', () => {
  const round = (refused: readonly string[]) => new Rounds().push({ text: 'x', origin: 'corrected', refused })

  it('belongs to its round, with those that were dropped after it', () => {
    expect(round([' 1', ';']).refused).toEqual([' 1', ';'])
    expect(roundsOf('ac').list[0]!.refused).toEqual([])
  })

  it.each([
    [[' 1'], 'Pass 1: the first guess “ 1” refused and corrected by the target.'],
    [['\n\t', 'b', 'c'], 'Pass 1: the first guess “↵⇥” refused and corrected by the target, 2 more after it dropped.'],
    [['  '], 'Pass 1: the first guess “␣␣” refused and corrected by the target.'],
  ])('is told in words: %j', (refused, line) => {
    expect(describeRound(round(refused))).toBe(line)
  })
})

describe('server-sent events', () => {
  const event = ': heartbeat\r\n\r\ndata: {"text":"größer ✓"}\r\n\r\nid: 7\ndata: one\ndata: two\n\ndata:[DONE]\n\n'

  it.each([1, 2, 3, 7, 1000])('are the same in pieces of %i bytes', async (size) => {
    const bytes = new TextEncoder().encode(event)
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size))
        controller.close()
      },
    })
    const data: string[] = []
    for await (const each of serverSentData(body)) data.push(each)
    expect(data).toEqual(['{"text":"größer ✓"}', 'one\ntwo', '[DONE]'])
  })
})

describe('texts', () => {
  it('are the same, or part somewhere', () => {
    expect(compareTexts('abc', 'abc')).toEqual({ same: true, length: 3 })
    expect(compareTexts('abc', 'abd')).toEqual({ same: false, at: 2 })
    expect(compareTexts('abc', 'abcd')).toEqual({ same: false, at: 3 })
  })
})

describe('the stopwatch', () => {
  it('starts at the first token, and does not count those that came with it', () => {
    let now = 5000
    const watch = new Stopwatch(() => now)
    watch.lap(0)
    now = 6000
    watch.lap(2)
    expect(watch.tokensPerSecond).toBeNaN()
    now = 7000
    watch.lap(12)
    expect(watch.elapsedMs).toBe(1000)
    expect(watch.tokensPerSecond).toBe(10)
    expect(watch.finish({ decodeMs: 900 })).toEqual({ ms: 900, tokensPerSecond: 10 })
  })
})
