import { describe, expect, it } from 'vitest'
import { generate } from '../generate.js'
import { fixedLength } from '../length/fixed.js'
import { createChance } from '../sampling/chance.js'
import { createSampler } from '../sampling/chain.js'
import type { Drafter, DraftStrategy } from '../strategy.js'
import { strategyConformance } from '../testing/strategy-conformance.js'
import { randomTable, ToyModel } from '../testing/toy-model.js'
import { suffixDecoding } from './suffix-decoding.js'
import { SuffixMemory } from './suffix/memory.js'
import type { SuffixStore } from './suffix/store.js'

const vocabSize = 26
const toy = (seed = 1) => new ToyModel({ vocabSize, next: randomTable({ seed, vocabSize, order: 2 }), maxSequences: 8 })
const request = { chance: createChance(1), goOn: () => true, wantsConfidence: false }
const open = async (strategy: DraftStrategy) => strategy.open({ target: toy(), sampler: createSampler() })

/** A store in memory. */
const storeOf = (bytes?: Uint8Array): SuffixStore & { bytes: Uint8Array | undefined; reads: number } => ({
  bytes,
  reads: 0,
  async read() {
    this.reads++
    return this.bytes
  },
  async write(written) {
    this.bytes = written
  },
})

/** A generation that said this after the prompt. */
async function saying(strategy: DraftStrategy, prompt: number[], said: number[]): Promise<void> {
  const drafter = await open(strategy)
  await drafter.propose(prompt, { ...request, maxTokens: 1 })
  await drafter.propose([...prompt, ...said], { ...request, maxTokens: 1 })
  await drafter.dispose!()
}

const propose = async (strategy: DraftStrategy, context: number[], maxTokens = 8) =>
  (await (await open(strategy)).propose(context, { ...request, maxTokens })).tokens

describe('suffix decoding conforms', () => {
  it.each(strategyConformance(() => suffixDecoding()))('$name', ({ run }) => run())
})
describe('suffix decoding with a small memory and a store conforms', () => {
  it.each(strategyConformance(() => suffixDecoding({ maxTokens: 16, store: storeOf() })))('$name', ({ run }) => run())
})

describe('suffixDecoding', () => {
  it('goes on as the text did after the longest run, and takes the more frequent token', async () => {
    expect(await propose(suffixDecoding(), [1, 2, 3, 8, 1, 2, 3, 7, 1, 2, 4, 9, 1, 2], 1)).toEqual([3])
    // 3 twice after 1 2, but 5 after 9 1 2.
    expect(await propose(suffixDecoding(), [1, 2, 3, 9, 1, 2, 5, 1, 2, 3, 0, 9, 1, 2], 1)).toEqual([5])
  })

  it('drafts longer after a longer run, up to what it is asked for', async () => {
    const text = [10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]
    expect(await propose(suffixDecoding(), [...text, 9, 10])).toHaveLength(2)
    expect(await propose(suffixDecoding(), [...text, 9, 10, 11, 12])).toEqual([13, 14, 15, 16, 17, 18])
    expect(await propose(suffixDecoding(), [...text, 9, 10, 11, 12], 3)).toEqual([13, 14, 15])
  })

  it('goes round in circles with the text, past its end', async () => {
    expect(await propose(suffixDecoding(), [7, 1, 2, 3, 1, 2, 3, 1, 2, 3])).toEqual([1, 2, 3, 1, 2, 3, 1, 2])
  })

  it('is surer of what came more often, and after a longer run, never certain', async () => {
    const confidences = async (context: number[]): Promise<number[]> => {
      const seen: number[] = []
      const goOn = (_: number, confidence = NaN) => seen.push(confidence) > 0
      await (await open(suffixDecoding())).propose(context, { ...request, goOn, maxTokens: 1 })
      return seen
    }
    const [once] = await confidences([1, 2, 9, 1])
    const [twice] = await confidences([1, 2, 9, 1, 2, 8, 1])
    const [longer] = await confidences([5, 1, 2, 9, 5, 1])
    const [torn] = await confidences([1, 2, 9, 1, 3, 8, 1])
    expect(once).toBeGreaterThan(0)
    expect(twice).toBeGreaterThan(once!)
    expect(longer).toBeGreaterThan(once!)
    expect(torn).toBeLessThan(once!)
    expect(Math.max(twice!, longer!)).toBeLessThan(1)
  })

  it('remembers what a generation said, not what it was asked', async () => {
    const strategy = suffixDecoding()
    await saying(strategy, [20, 21, 22, 23], [1, 2, 3, 4, 5])
    expect(await propose(strategy, [9, 1, 2])).toEqual([3, 4, 5])
    expect(await propose(strategy, [9, 20, 21])).toEqual([])
  })

  it('remembers the last words too, which no draft came after', async () => {
    const strategy = suffixDecoding()
    const drafter = await open(strategy)
    await drafter.propose([1], { ...request, maxTokens: 4 })
    for (const next of [2, 3, 4]) drafter.observe!({ accepted: 0, next }, { likeliest: () => [] })
    await drafter.dispose!()
    expect(await propose(strategy, [9, 2, 3])).toEqual([4])
  })

  it('remembers what was said before it was asked, and if it never is', async () => {
    const strategy = suffixDecoding()
    const tell = (drafter: Drafter, said: number[]) => {
      for (const next of said) drafter.observe!({ accepted: 0, next }, { likeliest: () => [] })
    }
    const asked = await open(strategy)
    tell(asked, [2, 3, 4])
    await asked.propose([20, 21, 22, 2, 3, 4], { ...request, maxTokens: 1 })
    tell(asked, [5])
    await asked.dispose!()
    const never = await open(strategy)
    tell(never, [6, 7, 8])
    await never.dispose!()
    expect(await propose(strategy, [9, 2, 3])).toEqual([4, 5])
    expect(await propose(strategy, [9, 6, 7])).toEqual([8])
    expect(await propose(strategy, [9, 20, 21])).toEqual([])
  })

  it('keeps in mind what was there before the text jumped back', async () => {
    const strategy = suffixDecoding()
    const drafter = await open(strategy)
    const ask = async (context: number[]) => (await drafter.propose(context, { ...request, maxTokens: 2 })).tokens
    expect(await ask([1, 2, 3, 4, 5, 6, 1, 2])).toEqual([3, 4])
    // What was said in between has never been.
    expect(await ask([1, 2, 3, 4, 5, 6, 1, 2, 9, 8, 1, 2])).toEqual([9, 8])
    expect(await ask([1, 2, 3, 4, 5, 6, 1, 2])).toEqual([3, 4])
    expect(await ask([7, 7, 5])).toEqual([])
  })

  it('speaks from memory in a generation that is under way', async () => {
    const strategy = suffixDecoding()
    const drafter = await open(strategy)
    const ask = async (context: number[]) => (await drafter.propose(context, { ...request, maxTokens: 2 })).tokens
    expect(await ask([9, 1, 2])).toEqual([])
    await saying(strategy, [0], [1, 2, 3, 4])
    expect(await ask([9, 1, 2])).toEqual([3, 4])
    expect(await ask([9, 1, 2, 3])).toEqual([4])
  })

  it('saves passes for the second that asks the same', async () => {
    const strategy = suffixDecoding()
    const run = () =>
      generate({ model: toy(), prompt: [0, 1], maxTokens: 60, strategy, length: fixedLength(8) }).result()
    const [first, second] = [await run(), await run()]
    expect(second.tokens).toEqual(first.tokens)
    expect(second.stats.passes).toBeLessThan(first.stats.passes / 2)
  })

  it('refuses another vocabulary than its first', async () => {
    const strategy = suffixDecoding()
    await open(strategy)
    const other = new ToyModel({ next: () => [1, 0, 0, 0] })
    await expect(strategy.open({ target: other, sampler: createSampler() })).rejects.toMatchObject({
      code: 'vocabulary-mismatch',
    })
  })

  it.each([0, 1, 1.5, NaN])('refuses to remember %s tokens', (maxTokens) => {
    expect(() => suffixDecoding({ maxTokens })).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })
})

describe('a store', () => {
  it('hands what was said to the next process', async () => {
    const store = storeOf()
    await saying(suffixDecoding({ store }), [0], [1, 2, 3, 4])
    const next = suffixDecoding({ store })
    expect(await propose(next, [9, 1, 2])).toEqual([3, 4])
    await saying(next, [0], [5, 6, 7])
    const last = suffixDecoding({ store })
    expect(await propose(last, [9, 1, 2])).toEqual([3, 4])
    expect(await propose(last, [9, 5, 6])).toEqual([7])
  })

  it('is read once, however many open at a time', async () => {
    const store = storeOf()
    const strategy = suffixDecoding({ store })
    await Promise.all([open(strategy), open(strategy)])
    await open(strategy)
    expect(store.reads).toBe(1)
  })

  it('that is damaged is an error, and is left as it is', async () => {
    const store = storeOf()
    await saying(suffixDecoding({ store }), [0], [1, 2, 3, 4])
    store.bytes![store.bytes!.length - 1]! ^= 1
    const damaged = store.bytes!.slice()
    const strategy = suffixDecoding({ store })
    const attempt = generate({ model: toy(), prompt: [0], maxTokens: 5, strategy }).result()
    await expect(attempt).rejects.toMatchObject({ code: 'strategy', message: expect.stringContaining('checksum') })
    expect(store.bytes).toEqual(damaged)
    // Mended, it is read again.
    store.bytes = undefined
    expect(await propose(strategy, [1, 2, 1], 1)).toEqual([2])
  })

  it('of another vocabulary is an error', async () => {
    const store = storeOf()
    await saying(suffixDecoding({ store }), [0], [1, 2, 3, 4])
    const model = new ToyModel({ next: () => [1, 0, 0, 0] })
    await expect(generate({ model, prompt: [0], strategy: suffixDecoding({ store }) }).result()).rejects.toMatchObject({
      code: 'vocabulary-mismatch',
    })
  })

  it('that cannot be written is a warning, and the text is there', async () => {
    const full = { ...storeOf(), write: () => Promise.reject(new Error('the disk is full')) }
    const { tokens, warnings } = await generate({
      model: toy(),
      prompt: [0],
      maxTokens: 9,
      strategy: suffixDecoding({ store: full }),
    }).result()
    expect(tokens).toHaveLength(9)
    expect(warnings).toHaveLength(1)
    expect((warnings[0]!.cause as Error).message).toContain('the disk is full')
  })

  it('is written by one at a time, and holds all in the end', async () => {
    const store = storeOf()
    let writing = 0
    const slow: SuffixStore = {
      read: () => store.read(),
      async write(bytes) {
        expect(++writing).toBe(1)
        await new Promise((resolve) => setTimeout(resolve, 5))
        writing--
        await store.write(bytes)
      },
    }
    const strategy = suffixDecoding({ store: slow })
    await Promise.all([1, 5, 9].map((first) => saying(strategy, [0], [first, first + 1, first + 2])))
    for (const first of [1, 5, 9]) {
      expect(await propose(suffixDecoding({ store }), [20, first, first + 1])).toEqual([first + 2])
    }
  })
})

describe('SuffixMemory', () => {
  it('keeps the latest texts, within its size', () => {
    const memory = new SuffixMemory(20)
    for (let i = 0; i < 30; i++) {
      memory.add([i, i, i])
      const held = memory.texts.flatMap((text) => [...text])
      expect(held.length).toBeLessThanOrEqual(20)
      expect(held.at(-1)).toBe(i)
      if (i > 6) expect(held.length).toBeGreaterThanOrEqual(10)
      expect(memory.sources.reduce((sum, { automaton }) => sum + automaton.tokens, 0)).toBe(held.length)
    }
  })

  it('keeps the end of a text that is too long, and forgets nothing for an empty one', () => {
    const memory = new SuffixMemory(6)
    memory.add([1, 2, 3, 4, 5])
    memory.add([])
    expect(memory.texts.map((text) => [...text])).toEqual([[3, 4, 5]])
  })
})
