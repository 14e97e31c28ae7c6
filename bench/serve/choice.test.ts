import { describe, expect, it } from 'vitest'
import { chosen } from './llama-server.js'
import { mixed } from './prompts.js'

const burst = (ms: number) => ({ tokens: 100, ms, firstMs: 1, short: 0 })

describe('the best setting of llama-server', () => {
  it('is the fastest, which plain decoding may be; what failed is out', () => {
    const trials = [
      { setting: 'plain', burst: burst(1000) },
      { setting: 'draft-simple, as it comes', burst: burst(1200) },
      { setting: 'draft-simple K=4', why: 'out of memory' },
      { setting: 'draft-simple K=8', burst: burst(1100) },
    ]
    expect(chosen(trials)).toMatchObject([
      { setting: { name: 'plain' }, roles: ['best'] },
      { setting: { name: 'draft-simple, as it comes', needsDraft: true }, roles: ['default'] },
    ])
    expect(chosen(trials.slice(2))).toMatchObject([{ setting: { name: 'draft-simple K=8' }, roles: ['best'] }])
    expect(chosen(trials.slice(1, 3))).toMatchObject([{ roles: ['default', 'best'] }])
  })
})

describe('prompts', () => {
  it('are mixed: each stretch has its share of every kind', () => {
    const kinds = ['code', 'code', 'code', 'code', 'code', 'code', 'json', 'json', 'json']
    const order = mixed(kinds.map((kind, id) => ({ kind, id })))
    expect(order.map(({ kind }) => kind).join(' ')).toBe('code json code code json code code json code')
    expect(order.map(({ id }) => id).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  })
})
