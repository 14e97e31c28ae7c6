import { loadModel } from '@foretoken/backend-llama'
import {
  coupledChance,
  createSampler,
  Distribution,
  draftModel,
  generate,
  promptLookup,
  type DraftStrategy,
  type GenerateOptions,
  type GenerateResult,
  type LanguageModel,
  type TokenId,
} from '@foretoken/core'
import { draft as draftPath, prompts, target as targetPath } from '@foretoken/demo-models'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine, EngineOptions, EngineRun } from './engine.js'
import type { EngineObserver, RunReport } from './observer.js'
import { openEngine } from './open-engine.js'

let target: LanguageModel
let draft: LanguageModel
let drafts: DraftStrategy
/** The token that ends a text. */
let end: TokenId
const code = await prompts('code')
const long = code
  .map(({ text }) => text)
  .join('\n')
  .slice(0, 3000)

beforeAll(async () => {
  const options = { gpu: false, sequences: 8, calibrate: false } as const
  ;[target, draft] = await Promise.all([
    loadModel({ path: targetPath, ...options }),
    loadModel({ path: draftPath, ...options }),
  ])
  drafts = draftModel({ model: draft, keep: 4 })
  end = Array.from({ length: target.vocabSize }, (_, id) => id).find((id) => target.tokenizer.isEnd(id))!
})
afterAll(async () => {
  await draft.dispose()
  await target.dispose()
})

function open(options: Partial<EngineOptions> = {}): Engine {
  const strategies = { 'draft-model': drafts, lookup: promptLookup() }
  return openEngine({ id: 'demo', target, strategies, parallel: 4, ...options })
}

async function close(engine: Engine): Promise<void> {
  await engine.drain()
  expect(engine.state).toMatchObject({ active: 0, waiting: 0 })
}

/**
 * Passes of other widths round otherwise, unless the kernels were built for this machine: where two texts part, both tokens
 * must be all but equally likely. In logits.
 */
const nearTie = 0.01

/**
 * By how much the logit of the token that `given` said where it parted from `alone` falls short of being said there; 0 for
 * texts that are alike.
 */
async function shortfall(
  given: GenerateResult,
  alone: GenerateResult,
  prompt: string,
  { temperature = 0, seed = 0 }: Partial<GenerateOptions> = {},
): Promise<number> {
  const [one, other] = [alone, given].map(({ tokens }) => [...tokens, end])
  const at = one!.findIndex((token, i) => other![i] !== token)
  if (at < 0) return 0
  const [said, instead] = [one![at]!, other![at]!]
  const sequence = await target.createSequence()
  try {
    const before = [...target.tokenizer.encode(prompt, { start: true }), ...one!.slice(0, at)]
    const row = (await sequence.forward(before)).row(0)
    if (temperature === 0) return Math.abs(row[said]! - row[instead]!)
    const p = createSampler({ temperature }).distribution(row, before)
    const ids = Int32Array.of(said, instead).toSorted()
    for (let more = 0; more < 1; more += 0.001) {
      const grown = (id: number): number => p.probability(id) * (id === instead ? Math.exp(more / temperature) : 1)
      const between = Distribution.of(Float64Array.from(ids, grown), ids)
      if (coupledChance(seed).draw(between, before.length) === instead) return more
    }
    return Infinity
  } finally {
    await sequence.dispose()
  }
}

describe('an engine', () => {
  it.each([
    ['greedy', {}],
    ['a seed', { temperature: 0.8, seed: 7 }],
  ])('gives each of 16 over 4 slots the text that it has alone: %s', async (_, sampling: Partial<GenerateOptions>) => {
    const texts = Array.from({ length: 16 }, (_, i) => code[i % code.length]!.text.slice(0, 120 + 10 * i))
    const alone: GenerateResult[] = []
    for (const prompt of texts)
      alone.push(await generate({ model: target, prompt, maxTokens: 32, ...sampling }).result())
    const engine = open()
    const runs = texts.map(async (prompt, i) => {
      const speculative = { enabled: i % 4 !== 3, strategy: i % 2 ? 'lookup' : 'draft-model' }
      const run = await engine.submit({ prompt, maxTokens: 32, speculative, ...sampling })
      expect(engine.state.active).toBeLessThanOrEqual(4)
      return run.result()
    })
    const given = await Promise.all(runs)
    await close(engine)
    for (const [i, result] of given.entries()) {
      expect(await shortfall(result, alone[i]!, texts[i]!, sampling), `text ${i}`).toBeLessThan(nearTie)
    }
  })

  it('reads a prompt that several begin with once', async () => {
    const engine = open()
    const tokens = target.tokenizer.encode(long, { start: true })
    const ask = async (n: number) =>
      (await engine.submit({ prompt: [...tokens, n], maxTokens: 4, speculative: { enabled: false } })).result()
    const cached = (await Promise.all([10, 11, 12, 13].map(ask))).map(({ stats }) => stats.cachedTokens)
    expect(cached).toEqual([0, tokens.length, tokens.length, tokens.length])
    expect((await ask(14)).stats.cachedTokens).toBe(tokens.length)
    await close(engine)
  })

  it('frees the slot of who has gone, by signal or by leaving, while others go on', async () => {
    const ended: RunReport[] = []
    const engine = open({ observer: observing(ended) })
    const other = await engine.submit({ prompt: code[1]!.text, maxTokens: 40 })
    const gone = new AbortController()
    const aborted = await engine.submit({ prompt: code[0]!.text, maxTokens: 400, signal: gone.signal })
    const left = await engine.submit({ prompt: code[2]!.text, maxTokens: 400 })
    for await (const event of left) if (event.type === 'token') break
    const unread = await engine.submit({ prompt: long, maxTokens: 400, signal: gone.signal })
    gone.abort(new Error('gone'))
    await expect(aborted.result()).rejects.toThrow('gone')
    await expect(unread.result()).rejects.toThrow('gone')
    expect(engine.state.active).toBe(1)
    expect((await other.result()).tokens.length).toBeGreaterThan(0)
    await close(engine)
    expect(ended.map(({ outcome }) => outcome)).toEqual([
      'aborted',
      'aborted',
      'aborted',
      expect.not.stringMatching('aborted'),
    ])
  })

  it('lets others run while one does not read, and stops it when its signal says so', async () => {
    const engine = open({ parallel: 2 })
    const gone = new AbortController()
    await engine.submit({ prompt: code[0]!.text, maxTokens: 400, signal: gone.signal })
    for (let i = 0; i < 3; i++) {
      await (await engine.submit({ prompt: code[i]!.text, maxTokens: 10 })).result()
    }
    expect(engine.state.active).toBe(1)
    gone.abort()
    await close(engine)
  })

  it('turns away what it has no room for, and what comes when it drains', async () => {
    let refused = 0
    const engine = open({ parallel: 1, queue: 1, observer: { ...observing([]), refused: () => refused++ } })
    const prompt = code[0]!.text
    const first = await engine.submit({ prompt, maxTokens: 5 })
    const second = engine.submit({ prompt, maxTokens: 5 })
    await Promise.resolve()
    await expect(engine.submit({ prompt })).rejects.toMatchObject({ code: 'busy', retryAfter: expect.any(Number) })
    const drained = engine.drain()
    await first.result()
    await (await second).result()
    await drained
    await expect(engine.submit({ prompt })).rejects.toMatchObject({ code: 'busy' })
    expect(refused).toBe(2)
  })

  it('ends all that is under way at once when it is disposed, and puts its slots away', async () => {
    const ended: RunReport[] = []
    const engine = open({ parallel: 2, observer: observing(ended) })
    const prompt = code[0]!.text
    const read = await engine.submit({ prompt, maxTokens: 400 })
    await read[Symbol.asyncIterator]().next()
    const unread = await engine.submit({ prompt: long, maxTokens: 400 })
    const ends = [read.result(), engine.submit({ prompt })].map((each) =>
      expect(each).rejects.toMatchObject({ code: 'disposed' }),
    )
    const drained = engine.drain()
    await engine.dispose('No more of this.')
    await Promise.all([...ends, drained])
    await expect(unread.result()).rejects.toMatchObject({ code: 'disposed', message: 'No more of this.' })
    expect(engine.state).toEqual({ active: 0, waiting: 0, parallel: 2, draining: true })
    await expect(engine.submit({ prompt })).rejects.toMatchObject({ code: 'disposed' })
    expect(ended.map(({ outcome }) => outcome)).toEqual(['aborted', 'aborted'])

    const all = Array.from({ length: target.capabilities.maxSequences }, () => target.createSequence())
    for (const sequence of await Promise.all(all)) await sequence.dispose()
  })

  it('tells at once what is wrong with a request, and is none the worse for it', async () => {
    const engine = open()
    const prompt = code[0]!.text
    const wrong: [Parameters<Engine['submit']>[0], object][] = [
      [{}, { code: 'invalid-argument' }],
      [{ prompt, temperature: -1 }, { code: 'invalid-argument' }],
      [{ prompt, logitBias: { 10_000_000: 1 } }, { code: 'invalid-argument' }],
      [{ prompt: Array.from({ length: target.contextLength + 1 }, () => 5) }, { code: 'context-overflow' }],
      [{ prompt, responseFormat: { type: 'regex', pattern: '(' } as never }, { code: 'invalid-argument' }],
      [
        { prompt, speculative: { strategy: 'oracle' } },
        { code: 'invalid-argument', message: expect.stringContaining('draft-model, lookup') },
      ],
      [{ prompt, speculative: { maxDraft: -1 } }, { code: 'invalid-argument' }],
    ]
    for (const [request, error] of wrong) await expect(engine.submit(request)).rejects.toMatchObject(error)
    expect(engine.state.active).toBe(0)
    await close(engine)
  })

  it('keeps the failure of one to itself', async () => {
    const engine = open({
      strategies: {
        fails: {
          name: 'fails',
          open: () => {
            throw new Error('no drafter')
          },
        },
      },
    })
    const failing: EngineRun = await engine.submit({ prompt: code[0]!.text, maxTokens: 9 })
    const plain = await engine.submit({ prompt: code[1]!.text, maxTokens: 9, speculative: { enabled: false } })
    await expect(failing.result()).rejects.toThrow('no drafter')
    expect((await plain.result()).tokens).toHaveLength(9)
    await close(engine)
  })

  it('tells what became of a prediction', async () => {
    const engine = open({ strategies: {} })
    const prompt = code[0]!.text
    const ask = async (more: object) => (await engine.submit({ prompt, maxTokens: 200, ...more })).result()
    const expected = await ask({})
    const { tokens, stats } = await ask({ prediction: expected.text })
    expect(await shortfall({ ...expected, tokens }, expected, prompt)).toBeLessThan(nearTie)
    expect(stats.drafted).toBeGreaterThan(0)
    expect(stats.length?.drafters.prediction).toMatchObject({ drafted: stats.drafted, accepted: stats.accepted })
    expect((await ask({ prediction: expected.text, speculative: { enabled: false } })).stats.drafted).toBe(0)
    await close(engine)
  })
})

function observing(ended: RunReport[]): EngineObserver {
  return { refused() {}, began() {}, round() {}, token() {}, ended: (report) => void ended.push(report) }
}
