import { describe, expect, it } from 'vitest'
import type { LanguageModel, Sequence } from '../model.js'
import { modelConformance } from './model-conformance.js'
import { randomTable, ToyModel } from './toy-model.js'

const open = async (): Promise<ToyModel> => new ToyModel({ next: randomTable({ seed: 1, vocabSize: 4 }) })

describe('the toy model conforms', () => {
  it.each(modelConformance(open, { tolerance: 0 }))('$name', ({ run }) => run())
})

describe('a model with room for one sequence conforms', () => {
  const single = async (): Promise<ToyModel> =>
    new ToyModel({ next: randomTable({ seed: 1, vocabSize: 4 }), maxSequences: 1 })
  it.each(modelConformance(single, { tolerance: 0 }))('$name', ({ run }) => run())
})

/** A model that is wrong in one way. */
function broken(change: (sequence: Sequence) => Partial<Sequence>): () => Promise<LanguageModel> {
  return async () => {
    const model = await open()
    const wrap = (sequence: Sequence): Sequence => {
      const parts = change(sequence)
      return new Proxy(sequence, {
        get(target, key) {
          const value: unknown = Reflect.get(key in parts ? parts : target, key)
          return typeof value === 'function' ? value.bind(key in parts ? parts : target) : value
        },
      })
    }
    const create = model.createSequence.bind(model)
    return Object.assign(model, {
      createSequence: async () => wrap(await create()) as Awaited<ReturnType<typeof create>>,
    })
  }
}

describe('the suite notices', () => {
  it.each([
    ['a rollback that does nothing', (s) => ({ truncate: async (length) => (length > 0 ? undefined : s.truncate(0)) })],
    ['a rollback by one too many', (s) => ({ truncate: (length) => s.truncate(Math.max(0, length - 1)) })],
    ['a row too few', (s) => ({ forward: (tokens) => s.forward(tokens, { outputs: 'last' }) })],
    [
      'the wrong row',
      (s) => ({
        async forward(tokens, options) {
          const rows = await s.forward(tokens, options)
          return { ...rows, row: (i) => rows.row(Math.max(0, i - 1)), argmax: (i) => rows.argmax(Math.max(0, i - 1)) }
        },
      }),
    ],
    ['a fork that shares its tokens', (s) => ({ fork: async () => s })],
    [
      'overflow that passes unnoticed',
      (s) => ({ forward: (tokens, options) => s.forward(tokens.slice(0, 200), options) }),
    ],
    [
      'a signal that nobody reads',
      (s) => ({ forward: (tokens, { outputs } = {}) => s.forward(tokens, outputs === undefined ? {} : { outputs }) }),
    ],
  ] as [string, (sequence: Sequence) => Partial<Sequence>][])('%s', async (_, change) => {
    const outcomes = await Promise.allSettled(
      modelConformance(broken(change), { tolerance: 0 }).map(({ run }) => run()),
    )
    expect(outcomes.some(({ status }) => status === 'rejected')).toBe(true)
  })

  it('a skip that is stale', async () => {
    const [skipped] = modelConformance(open, { skip: { 'tells what it is': 'it is shy' } })
    await expect(skipped!.run()).rejects.toThrow('take it off the skip list')
    expect(() => modelConformance(open, { skip: { 'no such case': '' } })).toThrow('no such case')
  })
})
