import { describe, expect, it } from 'vitest'
import type { Contender } from './contender.js'
import { split } from './prompts.js'
import { race } from './race.js'

const prompts = ['a', 'b', 'c'].map((id) => ({ id, kind: 'code', text: id }))
const quiet = { signal: new AbortController().signal, onRun: () => {}, onFailure: () => {} }
const contender = (name: string, decode: Contender['decode']): Contender => ({
  peer: 'peer',
  name,
  role: 'tuned',
  decode,
})
const steady = async (prompt: string) => ({ tokens: 1, ms: 1, text: prompt })

describe('a race', () => {
  it('turns the order around from prompt to prompt', async () => {
    const contenders = [contender('x', steady), contender('y', steady)]
    const { runs } = await race(prompts, () => contenders, quiet)
    expect(runs.map(({ prompt, setting }) => prompt + setting)).toEqual(['ax', 'ay', 'by', 'bx', 'cx', 'cy'])
  })

  it('goes on without who failed', async () => {
    let asked = 0
    const broken = contender('broken', async () => {
      asked++
      throw new Error('out of order')
    })
    const { runs, failures } = await race(prompts, () => [broken, contender('y', steady)], quiet)
    expect(runs.map(({ prompt, setting }) => prompt + setting)).toEqual(['ay', 'by', 'cy'])
    expect(failures).toEqual([{ peer: 'peer', setting: 'broken', why: 'out of order' }])
    expect(asked).toBe(1)
  })

  it('ends where it is aborted, and calls nobody failed', async () => {
    const controller = new AbortController()
    const cancelled = contender('x', async () => {
      controller.abort(new Error('enough'))
      throw new Error('a child was killed')
    })
    const failures: unknown[] = []
    const options = { ...quiet, signal: controller.signal, onFailure: (failure: unknown) => failures.push(failure) }
    await expect(race(prompts, () => [cancelled], options)).rejects.toThrow('enough')
    expect(failures).toEqual([])
  })
})

describe('prompts', () => {
  it('are split: a quarter of the rounds chooses, at least one', () => {
    const rounds = (count: number) => Array.from({ length: count }, (_, i) => [{ id: `${i}`, kind: 'code', text: 'x' }])
    expect(split(rounds(2))).toMatchObject({ choosing: [{ id: '0' }], counting: [{ id: '1' }] })
    expect(split(rounds(9)).choosing).toHaveLength(2)
    expect(split(rounds(9)).counting).toHaveLength(7)
  })
})
