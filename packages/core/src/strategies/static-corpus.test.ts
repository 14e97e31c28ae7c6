import { describe, expect, it, vi } from 'vitest'
import { createChance } from '../sampling/chance.js'
import { createSampler } from '../sampling/chain.js'
import type { DraftStrategy } from '../strategy.js'
import { strategyConformance } from '../testing/strategy-conformance.js'
import { ToyModel } from '../testing/toy-model.js'
import { staticCorpus } from './static-corpus.js'

const toy = (vocabSize = 26) => new ToyModel({ vocabSize, next: () => Array<number>(vocabSize).fill(1 / vocabSize) })
const propose = async (strategy: DraftStrategy, context: number[], target = toy()) => {
  const drafter = await strategy.open({ target, sampler: createSampler() })
  const request = { chance: createChance(1), goOn: () => true, wantsConfidence: false, maxTokens: 8 }
  return (await drafter.propose(context, request)).tokens
}

describe('a corpus conforms', () => {
  it.each(strategyConformance(() => staticCorpus({ documents: ['abcdabca', [0, 1, 2, 3, 0, 2]] })))(
    '$name',
    ({ run }) => run(),
  )
})

describe('staticCorpus', () => {
  it('goes on as its documents do, not as one goes on into the next', async () => {
    const corpus = staticCorpus({ documents: ['abcde', [3, 4, 9, 10]] })
    expect(await propose(corpus, [0, 1])).toEqual([2, 3, 4, 9])
    expect(await propose(corpus, [20, 9])).toEqual([10])
    expect(await propose(corpus, [20, 10])).toEqual([])
  })

  it('does not look in the text itself', async () => {
    expect(await propose(staticCorpus({ documents: ['abc'] }), [5, 6, 7, 5, 6])).toEqual([])
  })

  it('is read once for a vocabulary, by however many, and again for another', async () => {
    const corpus = staticCorpus({ documents: ['abcd'] })
    const target = toy()
    const encode = vi.spyOn(target.tokenizer, 'encode')
    await Promise.all([propose(corpus, [0], target), propose(corpus, [1], target)])
    expect(encode).toHaveBeenCalledOnce()
    expect(await propose(corpus, [0], toy(5))).toEqual([1, 2])
  })

  it('refuses tokens that the target has not', async () => {
    const corpus = staticCorpus({ documents: [[1, 2, 25]] })
    await expect(propose(corpus, [1], toy(4))).rejects.toMatchObject({ code: 'vocabulary-mismatch' })
    expect(await propose(corpus, [1])).toEqual([2, 25])
  })
})
