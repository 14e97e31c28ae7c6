import { describe, expect, it } from 'vitest'
import { coupled, type Verifier } from './verify/index.js'
import { ConstraintTracker } from './constrain/tracker.js'
import { generate, type GenerateOptions } from './generate.js'
import { fixedLength } from './length/fixed.js'
import { createChance } from './sampling/chance.js'
import { createSampler } from './sampling/chain.js'
import { draftModel, forcedTokens, promptLookup } from './strategies/index.js'
import { strategyConformance } from './testing/strategy-conformance.js'
import { ToyConstraint, type Automaton } from './testing/toy-constraint.js'
import { randomTable, ToyModel } from './testing/toy-model.js'

const vocabSize = 40
const end = 39
/** Token 7, then 8 or 9, then any of 10 to 38 up to three times, then 3 and 4, then the end. */
const any = (state: number) => Object.fromEntries(Array.from({ length: 29 }, (_, i) => [10 + i, state]))
const automaton: Automaton = [
  { 7: 1 },
  { 8: 2, 9: 2 },
  { ...any(3), 3: 5 },
  { ...any(4), 3: 5 },
  { 3: 5 },
  { 4: 6 },
  { [end]: 7 },
  {},
]
const toy = (seed: number) => new ToyModel({ vocabSize, end, next: randomTable({ seed, vocabSize, order: 2 }) })
const shape = /^7,[89],(?:(?:1[0-9]|2[0-9]|3[0-8]),){0,2}3,4$/

const run = (options: Partial<GenerateOptions> = {}, constraint = new ToyConstraint(automaton, vocabSize)) =>
  generate({ model: toy(1), prompt: [0, 1], maxTokens: 20, responseFormat: constraint, ...options }).result()

describe('a response format', () => {
  it.each([0, 1])('holds with and without drafts, at temperature %s', async (temperature) => {
    for (let seed = 0; seed < 20; seed++) {
      for (const strategy of [
        undefined,
        draftModel({ model: toy(2) }),
        promptLookup({ shortest: 1 }),
        forcedTokens(),
      ]) {
        const { tokens, finishReason, warnings } = await run({ temperature, seed, strategy })
        expect(String(tokens)).toMatch(shape)
        expect(finishReason).toBe('end')
        expect(warnings).toEqual([])
      }
    }
  })

  it('says the same with drafts as without, greedy or coupled', async () => {
    for (const settings of [
      {},
      { temperature: 1, verifier: 'coupled', seed: 5 },
    ] satisfies Partial<GenerateOptions>[]) {
      const wanted = await run(settings)
      for (const strategy of [draftModel({ model: toy(2) }), forcedTokens(draftModel({ model: toy(2) }))]) {
        expect((await run({ ...settings, strategy })).tokens).toEqual(wanted.tokens)
      }
    }
  })

  it('computes a mask once for the draft and the target together, and none for a greedy favourite', async () => {
    const constraint = new ToyConstraint(automaton, vocabSize)
    const { stats } = await run({ temperature: 1, seed: 3, strategy: draftModel({ model: toy(1) }) }, constraint)
    expect(stats.accepted).toBeGreaterThan(0)
    // At most one for each state that a draft came to.
    expect(constraint.masks).toBeLessThanOrEqual(stats.drafted + stats.passes)
  })

  it('is put away at the end, however it ends', async () => {
    const constraint = new ToyConstraint(automaton, vocabSize)
    await run({}, constraint)
    await expect(run({ bannedTokens: [7] }, constraint)).rejects.toThrow('No token is left')
    await expect(run({ bannedTokens: [700] }, constraint)).rejects.toThrow('name token 700')
    const controller = new AbortController()
    controller.abort(new Error('enough'))
    await expect(run({ signal: controller.signal }, constraint)).rejects.toThrow('enough')
    expect(constraint.opened).toBe(0)
  })

  it('is put away, and so is the sequence, when putting it away fails', async () => {
    const model = toy(1)
    const failing = {
      name: 'failing',
      open: () => ({
        ...new ToyConstraint(automaton, vocabSize).open(),
        dispose() {
          throw new Error('ouch')
        },
      }),
    }
    for (let i = 0; i < 10; i++) {
      await expect(generate({ model, prompt: [0], responseFormat: failing }).result()).rejects.toThrow('ouch')
    }
    expect(model.open).toBe(0)
  })

  it('stands a draft that leads to where nothing is left', async () => {
    // After 1 only 2 may come, which is banned; the target never says 1.
    const constraint = new ToyConstraint([{ 1: 1, 3: 2 }, { 2: 3 }, { [end]: 3 }, {}], vocabSize)
    const lost = { name: 'lost', open: () => ({ propose: () => ({ tokens: [1, 1] }) }) }
    for (const verifier of ['rejection', 'block', 'match', 'coupled'] as const) {
      const options = { bannedTokens: [2], logitBias: { 1: -Infinity }, temperature: 1, strategy: lost, verifier }
      expect((await run(options, constraint)).tokens).toEqual([3])
    }
  })

  it('keeps no more masks than a round can ask for', () => {
    const constraint = new ToyConstraint([{ 1: 0, 2: 0 }], vocabSize)
    const tracker = new ConstraintTracker(constraint.open(), 0, () => false)
    const text = Array.from({ length: 1000 }, () => 1)
    for (let length = 0; length <= 1000; length++) tracker.mask(text, length)
    const held = (tracker as unknown as { masks: unknown[] }).masks.filter((mask) => mask !== undefined)
    expect(held.length).toBeLessThanOrEqual(64)
    expect(constraint.masks).toBe(1001)
    tracker.mask(text, 990)
    expect(constraint.masks).toBe(1001)
  })

  it('refuses what is no format', async () => {
    for (const responseFormat of ['json', null, 5, {}] as unknown as ToyConstraint[]) {
      await expect(run({ responseFormat })).rejects.toThrow('must be an object with a type')
    }
  })

  it('needs a model that can', async () => {
    const attempt = generate({ model: toy(1), prompt: [0], responseFormat: { type: 'json' } }).result()
    await expect(attempt).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('another backend'),
    })
    const { tokens } = await generate({
      model: toy(1),
      prompt: [0],
      maxTokens: 3,
      responseFormat: { type: 'text' },
    }).result()
    expect(tokens).toHaveLength(3)
  })

  it('hands a description to the model', async () => {
    const model = Object.assign(toy(1), {
      constrain: async (format: object) => {
        expect(format).toEqual({ type: 'choice', choices: ['x'] })
        return new ToyConstraint(automaton, vocabSize)
      },
    })
    const { tokens } = await generate({
      model,
      prompt: [0],
      responseFormat: { type: 'choice', choices: ['x'] },
    }).result()
    expect(String(tokens)).toMatch(shape)
  })
})

describe('forcedTokens', () => {
  it('drafts what is forced, for free', async () => {
    const plain = await run()
    const drafted = await run({ strategy: forcedTokens(), length: fixedLength(4) })
    expect(drafted.tokens).toEqual(plain.tokens)
    expect(drafted.stats.alpha).toBe(1)
    // 7 at the start; 3, 4 and the end at the end.
    expect(drafted.stats.accepted).toBe(4)
    expect(drafted.stats.passes).toBeLessThan(plain.stats.passes)
  })

  it('lets another go on', async () => {
    const inner = draftModel({ model: toy(1) })
    const alone = await run({ strategy: inner, length: fixedLength(6) })
    const both = await run({ strategy: forcedTokens(inner), length: fixedLength(6) })
    expect(both.tokens).toEqual(alone.tokens)
    expect(both.stats.alpha).toBe(1)
  })

  it('drafts text that must come when nobody else has a word to say, after what is certain', async () => {
    // Token 7 is certain; then `b` (token 1) or something longer that begins with it (here token 2).
    const constraint = new ToyConstraint([{ 7: 1 }, { 1: 2, 2: 2 }, { 3: 2 }], vocabSize)
    const matcher = constraint.open()
    let depth = 0
    const open = () => ({
      ...matcher,
      accept: (token: number) => matcher.accept(token) && ++depth > 0,
      rollback: (count: number) => (matcher.rollback(count), void (depth -= count)),
      forced: () => (depth === 1 ? 'b' : ''),
    })
    const { tokenizer } = toy(1)
    const tracker = new ConstraintTracker(open(), 1, tokenizer.isEnd)
    const sampler = createSampler({}, { tokenizer, promptLength: 1, tracker })
    expect(sampler.forced([0], 4)).toEqual({ tokens: [7, 1, 3, 3], certain: 1 })
    const request = { maxTokens: 4, chance: createChance(1), goOn: () => true, wantsConfidence: false }
    const draft = async (tokens: number[]) => {
      const then = { name: 'other', open: () => ({ propose: () => ({ tokens }) }) }
      return (await forcedTokens(then).open({ target: toy(1), sampler })).propose([0], request)
    }
    expect(await draft([2, 3])).toEqual({ tokens: [7, 2, 3] })
    expect(await draft([])).toEqual({ tokens: [7, 1, 3, 3] })
  })

  it('is silent without a format', async () => {
    const { stats } = await run({ responseFormat: undefined, strategy: forcedTokens(), maxTokens: 10 })
    expect(stats.drafted).toBe(0)
  })

  it.each(strategyConformance(() => forcedTokens()))('alone: $name', ({ run: check }) => check())
  it.each(strategyConformance((target) => forcedTokens(draftModel({ model: new ToyModel({ ...target.options }) }))))(
    'with a draft model: $name',
    ({ run: check }) => check(),
  )
})

describe('logprobs', () => {
  const next = (context: readonly number[]) => (context.length % 2 === 0 ? [0.5, 0.3, 0.2, 0] : [0.1, 0.6, 0.2, 0.1])
  const model = () => new ToyModel({ next })
  const options = { prompt: [0, 0], maxTokens: 6, temperature: 0.5, topK: 2, seed: 4, topLogprobs: 3 }

  it('are those of the raw and of the sampled distribution, drafted or not', async () => {
    for (const strategy of [undefined, draftModel({ model: model() })]) {
      const { tokens, logprobs } = await generate({ model: model(), strategy, ...options }).result()
      expect(logprobs).toHaveLength(tokens.length)
      for (const [i, { raw, sampled }] of logprobs!.entries()) {
        const p = next(Array.from({ length: 2 + i }, () => 0))
        const ranked = p.map((share, token) => ({ share, token })).toSorted((a, b) => b.share - a.share)
        const possible = ranked.filter(({ share }) => share > 0)
        expect(raw.logprob).toBeCloseTo(Math.log(p[tokens[i]!]!), 5)
        expect(raw.top.map(({ token }) => token)).toEqual(possible.slice(0, 3).map(({ token }) => token))
        expect(raw.top[0]).toEqual({
          token: ranked[0]!.token,
          text: 'abcd'[ranked[0]!.token],
          logprob: expect.closeTo(Math.log(ranked[0]!.share), 5),
        })
        const [first, second] = [ranked[0]!.share ** 2, ranked[1]!.share ** 2]
        expect(sampled.top.map(({ logprob }) => logprob)).toEqual([
          expect.closeTo(Math.log(first / (first + second)), 5),
          expect.closeTo(Math.log(second / (first + second)), 5),
        ])
        expect(sampled.logprob).toBeCloseTo(sampled.top.find(({ token }) => token === tokens[i])!.logprob, 9)
      }
    }
  })

  it('come with the events, and only when they are asked for', async () => {
    const seen: unknown[] = []
    const generation = generate({ model: model(), ...options, strategy: draftModel({ model: model() }) })
    for await (const event of generation) if (event.type === 'token') seen.push(event.logprobs)
    expect(seen).toEqual((await generation.result()).logprobs)
    const { logprobs } = await generate({ model: model(), prompt: [0], maxTokens: 4 }).result()
    expect(logprobs).toBeUndefined()
  })

  it('of a greedy text: the sampled one is certain', async () => {
    const { logprobs } = await generate({ model: model(), prompt: [0, 0], maxTokens: 2, logprobs: true }).result()
    expect(logprobs).toEqual([
      { raw: { logprob: expect.closeTo(Math.log(0.5), 5), top: [] }, sampled: { logprob: 0, top: [] } },
      { raw: { logprob: expect.closeTo(Math.log(0.6), 5), top: [] }, sampled: { logprob: 0, top: [] } },
    ])
  })

  it('changes neither the text nor the name of a verifier that is an instance of a class', async () => {
    class Own {
      get name() {
        return 'own'
      }
      get chance() {
        return coupled.chance
      }
      verify = coupled.verify
    }
    const settings = { ...options, maxTokens: 6, topK: 0, verifier: new Own() as Verifier }
    for (let seed = 0; seed < 10; seed++) {
      const silent = await generate({ model: model(), ...settings, seed, topLogprobs: undefined }).result()
      const telling = await generate({ model: model(), ...settings, seed }).result()
      expect(telling.tokens).toEqual(silent.tokens)
      expect(telling.verifier).toBe('own')
    }
  })

  it('are there, though empty, when nothing was said', async () => {
    const silent = new ToyModel({ next: () => [1, 0, 0, 0], end: 0 })
    const { logprobs } = await generate({ model: silent, prompt: [1], logprobs: true }).result()
    expect(logprobs).toEqual([])
  })

  it('refuses a number of alternatives that is none', async () => {
    const attempt = generate({ model: model(), prompt: [0], topLogprobs: -1 }).result()
    await expect(attempt).rejects.toThrow('topLogprobs is -1')
  })
})

describe('verifiers by name', () => {
  const options = {
    model: toy(1),
    prompt: [0, 1],
    maxTokens: 20,
    strategy: draftModel({ model: toy(2) }),
    temperature: 1,
  }
  it('are found, and told in the result', async () => {
    for (const verifier of ['rejection', 'block', 'coupled', 'match'] as const) {
      expect(await generate({ ...options, verifier }).result()).toMatchObject({ verifier, lossy: false })
    }
    expect(await generate({ ...options, temperature: 0 }).result()).toMatchObject({ verifier: 'greedy', lossy: false })
    expect(await generate({ ...options }).result()).toMatchObject({ verifier: 'block', lossy: false })
  })
  it('marks what is lossy', async () => {
    for (const verifier of ['lossy-typical', 'lossy-threshold'] as const) {
      expect(await generate({ ...options, verifier }).result()).toMatchObject({ verifier, lossy: true })
    }
  })
  it('refuses what is neither, and a seed or a stop that is none', async () => {
    await expect(generate({ ...options, verifier: {} as Verifier }).result()).rejects.toThrow('has no verify()')
    await expect(generate({ ...options, seed: NaN }).result()).rejects.toThrow('seed is NaN')
    await expect(generate({ ...options, stop: 42 as unknown as string }).result()).rejects.toThrow('a list of texts')
  })
  it('names them when there is none of that name', async () => {
    const attempt = generate({ ...options, verifier: 'toString' as 'block' }).result()
    await expect(attempt).rejects.toThrow('use one of greedy, rejection, block, coupled, match')
    await expect(generate({ ...options, verifier: 'greedy' }).result()).rejects.toThrow('would change the text')
  })
})
