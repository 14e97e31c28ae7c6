import { describe, expect, test } from 'vitest'
import type { SoFar } from './decode.js'
import { inStep, stretches } from './in-step.js'

/** Says so many tokens in each of its rounds, each of which takes so long. */
async function* saying(name: string, rounds: readonly number[], ms: number, log: string[] = []) {
  let tokens = 0
  try {
    for (const [i, count] of rounds.entries()) {
      log.push(name)
      tokens += count
      yield { tokens, ms: ms * (i + 1) } satisfies SoFar
    }
    return { tokens, ms: ms * rounds.length, name }
  } finally {
    log.push(`${name} closed`)
  }
}

describe('in step', () => {
  test('whoever has said least goes on', async () => {
    const log: string[] = []
    await inStep([saying('slow', [1, 1, 1, 1, 1, 1], 10, log), saying('quick', [3, 3], 20, log)])
    const rounds = log.filter((entry) => !entry.endsWith('closed'))
    expect(rounds).toHaveLength(8)
    // Never does one begin a round while the other has said less.
    const said = { slow: 0, quick: 0 }
    for (const name of rounds as (keyof typeof said)[]) {
      expect(said[name]).toBeLessThanOrEqual(Math.min(said.slow, said.quick))
      said[name] += name === 'slow' ? 1 : 3
    }
  })

  test('each has its own times, spread over the tokens of a round', async () => {
    const [slow, quick] = await inStep([saying('slow', [1, 1, 1, 1], 10), saying('quick', [3, 1], 12)])
    expect(slow!.msAt).toEqual([0, 10, 20, 30, 40])
    expect(quick!.msAt).toEqual([0, 4, 8, 12, 24])
    expect(slow!.result.name).toBe('slow')
    expect(stretches(slow!, 2)).toEqual([20, 20])
    expect(stretches(quick!, 3)).toEqual([12])
  })

  test('what comes with the end counts too', async () => {
    async function* all(): AsyncGenerator<SoFar, SoFar> {
      yield { tokens: 1, ms: 5 }
      return { tokens: 3, ms: 9 }
    }
    expect((await inStep([all()]))[0]!.msAt).toEqual([0, 5, 7, 9])
  })

  test('one that fails closes all', async () => {
    const log: string[] = []
    async function* failing(): AsyncGenerator<SoFar, never> {
      yield { tokens: 1, ms: 1 }
      throw new Error('out of order')
    }
    await expect(inStep([saying('other', [1, 1, 1], 1, log), failing()])).rejects.toThrow('out of order')
    expect(log.at(-1)).toBe('other closed')
  })
})
