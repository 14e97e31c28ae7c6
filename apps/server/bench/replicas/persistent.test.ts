import { readFileSync } from 'node:fs'
import { APIError, APIUserAbortError } from 'openai'
import type { ChatCompletionChunk } from 'openai/resources'
import { describe, expect, it } from 'vitest'
import { AnotherText, persistent } from './persistent.js'

const broken = new TypeError('terminated')
const end = Symbol('end')

/** What one attempt gives: pieces of text, then the end, an error, or neither. */
type Attempt = readonly (string | Error | typeof end)[]

async function* stream(attempt: Attempt): AsyncGenerator<ChatCompletionChunk> {
  for (const step of attempt) {
    if (step instanceof Error) throw step
    const choice =
      step === end ? { delta: {}, finish_reason: 'stop' } : { delta: { content: step }, finish_reason: null }
    yield { choices: [choice] } as unknown as ChatCompletionChunk
  }
  // As with include_usage.
  if (attempt.at(-1) === end) yield { choices: [] } as unknown as ChatCompletionChunk
}

/** @returns The pieces that were said, and what it ended with. */
async function run(attempts: readonly (Attempt | Error)[], most?: number) {
  let asked = 0
  const pieces: string[] = []
  const ask = async () => {
    const attempt = attempts[asked++]!
    if (attempt instanceof Error) throw attempt
    return stream(attempt)
  }
  try {
    for await (const piece of persistent(ask, most)) pieces.push(piece)
    return { pieces, asked }
  } catch (error) {
    return { pieces, asked, error }
  }
}

const refused = (status: number): APIError => APIError.generate(status, undefined, 'no', new Headers())

describe('a persistent stream', () => {
  it('is the stream when nothing happens', async () => {
    expect(await run([['one ', 'two', end]])).toEqual({ pieces: ['one ', 'two'], asked: 1 })
  })

  it.each([
    [
      'in the middle',
      [
        ['one ', broken],
        ['one ', 'two', end],
      ],
    ],
    ['before a word', [[broken], ['one ', 'two', end]]],
    ['without saying so', [['one '], ['one ', 'two', end]]],
    ['twice', [['one ', broken], [broken], ['one ', 'two', end]]],
    ['before the request was taken', [refused(502), ['one ', 'two', end]]],
    [
      'with an error of the server',
      [
        ['one ', new APIError(undefined, {}, 'stopped', undefined)],
        ['one ', 'two', end],
      ],
    ],
  ])('says each word once when it breaks %s', async (_, attempts) => {
    const { pieces, error } = await run(attempts as (Attempt | Error)[])
    expect(error).toBeUndefined()
    expect(pieces).toEqual(['one ', 'two'])
  })

  it('skips what was said when the pieces are others', async () => {
    const { pieces } = await run([
      ['one t', broken],
      ['o', 'ne ', 'tw', 'o three', end],
    ])
    expect(pieces).toEqual(['one t', 'w', 'o three'])
  })

  it('does not go on in another text', async () => {
    const { pieces, error } = await run([
      ['one two', broken],
      ['one ', 'six', end],
    ])
    expect(pieces).toEqual(['one two'])
    expect(error).toBeInstanceOf(AnotherText)
  })

  it('gives up in the end, and at once when it is no use', async () => {
    expect(await run([[broken], [broken], [broken], ['one', end]])).toMatchObject({ asked: 3, error: broken })
    expect(await run([['one', broken], [end]], 1)).toMatchObject({ asked: 1, pieces: ['one'], error: broken })
    const busy = refused(429)
    expect(await run([busy])).toMatchObject({ asked: 1, error: busy })
    const aborted = new APIUserAbortError()
    expect(await run([['one'], aborted])).toMatchObject({ asked: 2, error: aborted })
  })
})

it('is what docs/scale-out.md shows', () => {
  const here = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
  expect(here('../../../../docs/scale-out.md')).toContain(here('persistent.ts'))
})
