import { describe, expect, it } from 'vitest'
import { choose } from './choice.js'
import type { Role } from './contender.js'
import type { Run } from './race.js'
import { comparisons, results } from './results.js'

/** A text of 100 tokens at so many a second. */
const run = (
  kind: string,
  prompt: string,
  peer: string,
  setting: string,
  role: Role,
  speed: number,
  text = 'x = 1',
): Run => ({
  ...{ kind, prompt, peer, setting, role, text },
  tokens: 100,
  ms: 100_000 / speed,
})

const texts = ['one', 'two']
const counting: Run[] = ['code', 'edits'].flatMap((kind) =>
  texts.flatMap((prompt) => [
    run(kind, prompt, 'foretoken', 'plain', 'plain', 10),
    run(kind, prompt, 'foretoken', 'draft', 'default', 20),
    run(kind, prompt, 'foretoken', 'gamma 5', 'tuned', 30),
    run(kind, prompt, 'llama-server', 'plain', 'plain', 12),
    run(kind, prompt, 'llama-server', 'draft', 'default', 16),
    run(kind, prompt, 'llama-server', kind === 'code' ? 'K=4' : 'lookup', 'tuned', kind === 'code' ? 24 : 60, 'x = '),
    run(kind, prompt, 'transformers.js', 'plain', 'plain', 5, 'y = 1'),
  ]),
)
const choices = ['code', 'edits'].flatMap((kind) => [
  { kind, peer: 'foretoken', setting: 'gamma 5' },
  { kind, peer: 'llama-server', setting: kind === 'code' ? 'K=4' : 'lookup' },
  { kind, peer: 'transformers.js', setting: 'plain' },
])

describe('choosing', () => {
  it('takes the fastest setting of each peer on each kind, whatever its role', () => {
    const runs = [
      run('code', 'one', 'foretoken', 'plain', 'plain', 10),
      run('code', 'one', 'foretoken', 'gamma 2', 'tuned', 40),
      run('code', 'one', 'foretoken', 'gamma 5', 'tuned', 18),
      run('code', 'two', 'foretoken', 'plain', 'plain', 10),
      run('code', 'two', 'foretoken', 'gamma 2', 'tuned', 9),
      run('code', 'two', 'foretoken', 'gamma 5', 'tuned', 21),
      run('edits', 'one', 'foretoken', 'plain', 'plain', 10),
      run('edits', 'one', 'foretoken', 'gamma 2', 'tuned', 9),
    ]
    expect(choose(runs)).toEqual([
      // sqrt(18 * 21) > sqrt(40 * 9)
      { kind: 'code', peer: 'foretoken', setting: 'gamma 5' },
      { kind: 'edits', peer: 'foretoken', setting: 'plain' },
    ])
  })
})

describe('results', () => {
  const found = results(counting, choices)
  const of = (kind: string, peer: string) => found.find((each) => each.kind === kind && each.peer === peer)!.cells

  it('have plain decoding, the default and the best', () => {
    expect(of('code', 'llama-server').plain?.tokensPerSecond).toBeCloseTo(12)
    expect(of('code', 'llama-server').default).toMatchObject({ setting: 'draft', texts: 2, tokens: 100 })
    expect(of('code', 'llama-server').best).toMatchObject({ setting: 'K=4', sameText: 2 })
    expect(of('code', 'llama-server').best?.tokensPerSecond).toBeCloseTo(24)
  })

  it('take the best of each kind when kinds are taken together', () => {
    expect(of('all', 'llama-server').best).toMatchObject({ setting: "each kind's", texts: 4 })
    expect(of('all', 'llama-server').best?.tokensPerSecond).toBeCloseTo(Math.sqrt(24 * 60))
    expect(of('all', 'foretoken').best).toMatchObject({ setting: 'gamma 5', texts: 4 })
  })

  it('take plain decoding for the default of who cannot draft, and tell whose texts differ', () => {
    expect(of('code', 'transformers.js').default).toMatchObject({ setting: 'plain', sameText: 0 })
  })

  it('have no kinds together where there is but one', () => {
    const code = counting.filter(({ kind }) => kind === 'code')
    expect(new Set(results(code, choices).map(({ kind }) => kind))).toEqual(new Set(['code']))
  })
})

describe('comparisons', () => {
  const found = comparisons(counting, choices)

  it('are ours over theirs, prompt by prompt', () => {
    const { ratios } = found.find(({ kind, peer }) => kind === 'code' && peer === 'llama-server')!
    const ratio = Object.fromEntries(ratios.map((each) => [`${each.ours}/${each.theirs}`, each.ratio]))
    expect(ratio['best/best']).toBeCloseTo(30 / 24)
    expect(ratio['default/best']).toBeCloseTo(20 / 24)
    expect(ratio['best/default']).toBeCloseTo(30 / 16)
    expect(ratio['default/default']).toBeCloseTo(20 / 16)
    expect(ratio['plain/plain']).toBeCloseTo(10 / 12)
  })

  it('leave out a pair that was not run, and prompts that only one of them has', () => {
    const some = counting.filter(
      ({ peer, role, prompt }) => peer !== 'llama-server' || (role === 'tuned' && prompt === 'one'),
    )
    const { ratios } = comparisons(some, choices).find(({ kind, peer }) => kind === 'code' && peer === 'llama-server')!
    expect(ratios.map(({ ours, theirs, texts }) => [ours, theirs, texts])).toEqual([
      ['best', 'best', 1],
      ['default', 'best', 1],
    ])
  })
})
