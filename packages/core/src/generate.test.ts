import { describe, expect, it } from 'vitest'
import { ForetokenError } from './errors.js'
import { generate, type GenerateEvent, type GenerateOptions } from './generate.js'
import { fixedLength } from './length/fixed.js'
import type { DraftStrategy } from './strategy.js'
import { draftModel } from './strategies/draft-model.js'
import { randomTable, ToyModel } from './testing/toy-model.js'
import { greedy } from './verify/greedy.js'

/** Says a, b, c, … again and again, and nothing else. */
const alphabet = (options: Partial<ConstructorParameters<typeof ToyModel>[0]> = {}) =>
  new ToyModel({
    vocabSize: 26,
    next: (context) => Array.from({ length: 26 }, (_, i) => (i === (context[context.length - 1]! + 1) % 26 ? 1 : 0)),
    ...options,
  })

/** Drafts the tokens it is given, whatever the context. */
const oracle = (tokens: (context: readonly number[], count: number) => number[]): DraftStrategy => ({
  name: 'oracle',
  open: () => ({ propose: (context, { maxTokens }) => ({ tokens: tokens(context, maxTokens) }) }),
})
const following = (context: readonly number[], count: number) =>
  Array.from({ length: count }, (_, i) => (context[context.length - 1]! + 1 + i) % 26)

async function collect(options: Omit<GenerateOptions, 'model'> & { model?: ToyModel }): Promise<GenerateEvent[]> {
  const events: GenerateEvent[] = []
  for await (const event of generate({ model: alphabet(), prompt: 'a', ...options })) events.push(event)
  return events
}

describe('generate', () => {
  it('goes on from the prompt and says where each token came from', async () => {
    const strategy = oracle((context, count) =>
      context.length < 5 ? following(context, count) : [0, 0].slice(0, count),
    )
    const events = await collect({ maxTokens: 9, strategy, length: fixedLength(2) })
    const tokens = events.flatMap((event) => (event.type === 'token' ? [`${event.text} ${event.origin}`] : []))
    expect(tokens).toEqual([
      'b accepted',
      'c accepted',
      'd bonus',
      'e accepted',
      'f accepted',
      'g bonus',
      'h corrected',
      'i corrected',
      'j plain',
    ])
    expect(events.at(-1)).toMatchObject({ type: 'finish', result: { text: 'bcdefghij', finishReason: 'length' } })
  })

  it('tells with a correction which guesses were dropped, the one it stands in place of first', async () => {
    const strategy = oracle((context, count) => [...following(context, 1), 25, 24, 23].slice(0, count))
    const events = await collect({ maxTokens: 9, strategy, length: fixedLength(4) })
    const refused = events.flatMap((event) => (event.type === 'token' ? [[event.text, event.refused]] : []))
    expect(refused).toEqual([
      ['b', undefined],
      ['c', [25, 24, 23]],
      ['d', undefined],
      ['e', [25, 24, 23]],
      ['f', undefined],
      ['g', [25, 24, 23]],
      ['h', undefined],
      ['i', [25]],
      ['j', undefined],
    ])
  })

  it('needs 7 passes for 61 tokens with an oracle and gamma 8', async () => {
    const result = await generate({
      model: alphabet(),
      prompt: 'a',
      maxTokens: 61,
      strategy: oracle(following),
      length: fixedLength(8),
    }).result()
    expect(result.tokens).toHaveLength(61)
    expect(result.stats).toMatchObject({
      passes: 7,
      accepted: 54,
      drafted: 54,
      alpha: 1,
      acceptedPerRound: [0, 0, 0, 0, 0, 0, 1, 0, 6],
    })
  })

  it('never drafts what cannot be used', async () => {
    const asked: number[] = []
    const strategy = oracle((context, count) => (asked.push(count), following(context, count)))
    await collect({ maxTokens: 6, strategy, length: fixedLength(4) })
    expect(asked).toEqual([4])
    asked.length = 0
    await collect({ maxTokens: 7, strategy, length: fixedLength(4) })
    expect(asked).toEqual([4, 1])
  })

  it('ends at the end token, and does not say it', async () => {
    const model = alphabet({ end: 4 })
    const result = await generate({ model, prompt: 'a', strategy: oracle(following), length: fixedLength(6) }).result()
    expect(result).toMatchObject({ text: 'bcd', tokens: [1, 2, 3], finishReason: 'end' })
  })

  it.each([
    [['de'], 'bc', 'stop'],
    ['z', 'bcdefghijklmnopqrstuvwxy', 'stop'],
    [['nowhere', 'ghi', 'fgh'], 'bcde', 'stop'],
    [['xyzz'], 'bcdefghijklmnopqrstuvwxyzabcde', 'length'],
  ])('stops before %s', async (stop, text, finishReason) => {
    for (const gamma of [0, 3]) {
      const events = await collect({ stop, maxTokens: 30, strategy: oracle(following), length: fixedLength(gamma) })
      expect(events.map((event) => event.text).join('')).toBe(text)
      expect(events.at(-1)).toMatchObject({ type: 'finish', result: { text, finishReason } })
    }
  })

  it('fills the context to the last token and ends there', async () => {
    for (const gamma of [0, 1, 5]) {
      const model = alphabet({ contextLength: 16 })
      const result = await generate({
        model,
        prompt: 'abc',
        strategy: oracle(following),
        length: fixedLength(gamma),
      }).result()
      expect(result.tokens).toHaveLength(14)
      expect(result.finishReason).toBe('length')
    }
  })

  it('gives the same text with the same seed, and tells a seed that it chose', async () => {
    const model = () => new ToyModel({ next: randomTable({ seed: 3, vocabSize: 4 }) })
    const say = (options: Partial<GenerateOptions>) =>
      generate({ model: model(), prompt: 'a', temperature: 1, maxTokens: 60, ...options }).result()
    const first = await say({})
    expect(first.verifier).toBe('block')
    expect((await say({ seed: first.seed, verifier: 'block' })).text).toBe(first.text)
    expect((await say({ seed: first.seed + 1, verifier: 'block' })).text).not.toBe(first.text)
  })

  it('keeps to the seed whoever drafts, and however much', async () => {
    const model = (seed: number) => new ToyModel({ next: randomTable({ seed, vocabSize: 4 }) })
    const say = (options: Partial<GenerateOptions>) =>
      generate({ model: model(3), prompt: 'a', temperature: 1, maxTokens: 60, seed: 5, ...options }).result()
    const strategy = draftModel({ model: model(4) })
    const plain = await say({})
    expect(plain.verifier).toBe('coupled')
    expect((await say({ strategy })).text).toBe(plain.text)
    expect((await say({ strategy, length: fixedLength(3) })).text).toBe(plain.text)
  })

  it('aborts within one round and leaves the sequence usable', async () => {
    const model = alphabet()
    const sequence = await model.createSequence()
    const controller = new AbortController()
    const generation = generate({
      model,
      prompt: 'a',
      sequence,
      signal: controller.signal,
      strategy: oracle(following),
      length: fixedLength(4),
    })
    let tokens = 0
    const read = async () => {
      for await (const event of generation) {
        if (event.type === 'token' && ++tokens === 7) controller.abort(new Error('enough'))
      }
    }
    await expect(read()).rejects.toThrow('enough')
    expect(tokens).toBeLessThanOrEqual(7 + 5)
    await expect(generation.result()).rejects.toMatchObject({ code: 'disposed' })
    expect(generation.tokens).toEqual(Array.from({ length: tokens }, (_, i) => i + 1))
    expect(generation.text).toBe('bcdefghijklmnop'.slice(0, tokens))
    const passes = model.passes
    const again = await generate({ model, prompt: 'abcd', sequence, maxTokens: 3 }).result()
    expect(again.text).toBe('efg')
    expect(again.stats.cachedTokens).toBe(3)
    expect(model.passes - passes).toBe(3)
  })

  it('keeps what was said when the model fails, for those who only wait for the result as well', async () => {
    const model = alphabet()
    const sequence = await model.createSequence()
    const { forward } = sequence
    let passes = 0
    sequence.forward = (...given) => {
      if (++passes > 4) throw new ForetokenError('runtime', 'The machine is gone.')
      return forward.apply(sequence, given)
    }
    const generation = generate({ model, prompt: 'a', sequence })
    await expect(generation.result()).rejects.toMatchObject({ code: 'runtime' })
    expect(generation).toMatchObject({ text: 'bcde', tokens: [1, 2, 3, 4] })
  })

  it('tells as much as its result does, what was held back at the end included', async () => {
    const generation = generate({ model: alphabet(), prompt: 'a', maxTokens: 5, stop: 'fgh' })
    const { text, tokens } = await generation.result()
    expect(text).toBe('bcdef')
    expect(generation).toMatchObject({ text, tokens })
  })

  describe('with a long prompt', () => {
    const prompt = Array.from({ length: 1400 }, (_, i) => i % 26)
    const long = () => alphabet({ contextLength: 2000 })
    const reads = (events: readonly GenerateEvent[]) =>
      events.flatMap((event) => (event.type === 'prompt' ? [[event.read, event.total]] : []))

    it('tells how much of it was read, before the first token', async () => {
      const model = long()
      const events = await collect({ model, prompt, maxTokens: 3 })
      expect(events.map(({ type }) => type).join(' ')).toBe('prompt prompt prompt prompt token token token finish')
      expect(reads(events)).toEqual([0, 512, 1024, 1399].map((read) => [read, 1400]))
      expect(events.map((event) => event.text).join('')).toBe('wxy')
      expect(model.passes).toBe(3 + 3)
    })

    it('tells of what was missing only, and not of what takes one pass', async () => {
      const model = long()
      const sequence = await model.createSequence()
      const say = (length: number) => collect({ model, sequence, prompt: prompt.slice(0, length), maxTokens: 1 })
      expect(reads(await say(513))).toEqual([])
      expect(sequence.length).toBe(513)
      const events = await say(1400)
      expect(reads(events)).toEqual([513, 1025, 1399].map((read) => [read, 1400]))
      expect(events.at(-1)).toMatchObject({ result: { stats: { promptTokens: 1400, cachedTokens: 513 } } })
      expect(reads(await say(1400))).toEqual([])
    })

    it('can be ended between two pieces, and goes on from there', async () => {
      const model = long()
      const sequence = await model.createSequence()
      const controller = new AbortController()
      const events: GenerateEvent[] = []
      const read = async () => {
        for await (const event of generate({ model, prompt, sequence, signal: controller.signal })) {
          events.push(event)
          if (events.length === 2) controller.abort(new Error('enough'))
        }
      }
      await expect(read()).rejects.toThrow('enough')
      expect(events).toHaveLength(2)
      expect(sequence.length).toBe(512)
      const { text, stats } = await generate({ model, prompt, sequence, maxTokens: 3 }).result()
      expect(text).toBe('wxy')
      expect(stats.cachedTokens).toBe(512)
    })

    it("does not count the reader's time", async () => {
      const model = long()
      const generation = generate({ model, prompt, maxTokens: 1 })
      for await (const { type } of generation) {
        if (type === 'prompt') await new Promise((resolve) => setTimeout(resolve, 100))
      }
      const { stats } = await generation.result()
      expect(stats.prefillMs).toBeGreaterThan(0)
      // It waited four times.
      expect(stats.prefillMs).toBeLessThan(300)
    })
  })

  it('is over when the reader stops reading: nothing stays open', async () => {
    const model = alphabet({ maxSequences: 1 })
    let disposed = 0
    const strategy: DraftStrategy = {
      name: 'counting',
      open: () => ({
        propose: (context, { maxTokens }) => ({ tokens: following(context, maxTokens) }),
        dispose: () => void disposed++,
      }),
    }
    const generation = generate({ model, prompt: 'a', strategy })
    for await (const event of generation) if (event.type === 'token') break
    expect(model.open).toBe(0)
    expect(disposed).toBe(1)
    await expect(generation.result()).rejects.toMatchObject({ code: 'disposed' })
  })

  it('keeps a sequence that it was given at what was said', async () => {
    const model = alphabet({ end: 5 })
    const sequence = await model.createSequence()
    await generate({ model, prompt: 'a', sequence, strategy: oracle(following), length: fixedLength(9) }).result()
    expect(sequence.tokens).toEqual([0, 1, 2, 3, 4])
    const more = await generate({ model, prompt: [0, 1, 2, 3, 4, 6], sequence, maxTokens: 2 }).result()
    expect(more.text).toBe('hi')
    expect(more.stats.cachedTokens).toBe(5)
  })

  it.each([
    [{ prompt: '' }, 'invalid-argument'],
    [{ prompt: undefined }, 'invalid-argument'],
    [{ prompt: [26] }, 'invalid-argument'],
    [{ prompt: 'a', messages: [] }, 'invalid-argument'],
    [{ prompt: undefined, messages: [{ role: 'user', content: 'a' }] }, 'unsupported'],
    [{ maxTokens: 0 }, 'invalid-argument'],
    [{ stop: '' }, 'invalid-argument'],
    [{ temperature: -1 }, 'invalid-argument'],
    [{ topP: 0 }, 'invalid-argument'],
    [{ topK: 1.5 }, 'invalid-argument'],
    [{ minP: NaN }, 'invalid-argument'],
    [{ temperature: 1, verifier: greedy }, 'invalid-argument'],
    [{ prompt: Array<number>(300).fill(0) }, 'context-overflow'],
    [
      { strategy: draftModel({ model: new ToyModel({ next: randomTable({ seed: 1, vocabSize: 4 }) }) }) },
      'vocabulary-mismatch',
    ],
  ] as [object, string][])('refuses %j at once', async (options, code) => {
    const model = alphabet()
    const generation = generate({ model, prompt: 'a', ...options } as GenerateOptions)
    const error: unknown = await generation.result().catch((caught: unknown) => caught)
    expect(ForetokenError.is(error, code as 'invalid-argument')).toBe(true)
    expect(model.passes).toBe(0)
    expect(model.open).toBe(0)
  })

  it('decodes plainly, and only so, on a model that cannot roll back', async () => {
    const model = alphabet({ rollback: 'none' })
    expect((await generate({ model, prompt: 'ab', maxTokens: 3 }).result()).text).toBe('cde')
    await expect(generate({ model, prompt: 'ab', strategy: oracle(following) }).result()).rejects.toMatchObject({
      code: 'unsupported',
    })
  })

  it('reports logits that are no numbers instead of making up text', async () => {
    const model = new ToyModel({ next: () => [NaN, NaN, NaN, NaN] })
    await expect(generate({ model, prompt: 'a', temperature: 1 }).result()).rejects.toMatchObject({ code: 'runtime' })
  })
})
