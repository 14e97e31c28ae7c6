import { draftModel, type DraftStrategy, fixedLength, generate, type TokenId, tokenRecycling } from '@foretoken/core'
import { randomTable, ToyModel } from '@foretoken/core/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { recordedModel } from './recorded.js'
import { sayTexts, textLength } from './said.js'
import { longest, prospect, tryStrategy } from './trial.js'

const { signal } = new AbortController()
const toy = (seed: number) =>
  new ToyModel({
    vocabSize: 6,
    maxSequences: 4,
    contextLength: 256,
    next: randomTable({ seed, vocabSize: 6, order: 2 }),
  })
const prompt = [0, 1, 2]

async function saidBy(model: ToyModel, maxTokens = 60) {
  const { tokens } = await generate({ model, prompt, maxTokens }).result()
  return { prompt, tokens, ms: 1 }
}

describe('the recorded target', () => {
  test('says the text again, whoever drafts', async () => {
    const target = toy(1)
    const { tokens } = await saidBy(target)
    const model = recordedModel(target, [...prompt, ...tokens])
    const strategy = draftModel({ model: toy(2) })
    const { result } = generate({ model, prompt, maxTokens: tokens.length, strategy, length: fixedLength(3) })
    expect((await result()).tokens).toEqual(tokens)
  })

  test('knows nothing of what follows a refused token', async () => {
    const text = [3, 1, 4, 1, 5]
    const sequence = await recordedModel(toy(1), text).createSequence()
    const rows = await sequence.forward([3, 1, 2, 4], { outputs: 'all' })
    expect([0, 1].map((row) => rows.argmax(row))).toEqual([1, 4])
    expect([...rows.row(1)].map((logit) => logit > -Infinity)).toEqual([false, false, false, false, true, false])
    for (const row of [2, 3]) {
      expect(rows.row(row).every((logit) => logit === -Infinity)).toBe(true)
      expect(() => rows.argmax(row)).toThrow('says nothing here')
    }
    await sequence.truncate(2)
    expect((await sequence.forward([4])).argmax(0)).toBe(1)
  })
})

describe('a strategy that is tried', () => {
  test('fares as in front of the target itself', async () => {
    const [target, draft] = [toy(1), toy(1)]
    // The same as the target three times out of four.
    const strategy: DraftStrategy = {
      name: 'sometimes',
      async open(init) {
        const drafter = await draftModel({ model: draft }).open(init)
        return {
          ...drafter,
          async propose(context, request) {
            const { tokens } = await drafter.propose(context, request)
            return { tokens: tokens.map((token, i) => ((context.length + i) % 4 === 0 ? (token + 1) % 6 : token)) }
          },
          dispose: () => drafter.dispose?.(),
        }
      },
    }
    const text = await saidBy(target)
    const { stats } = await generate({
      model: target,
      prompt,
      maxTokens: text.tokens.length,
      strategy,
      length: fixedLength(longest),
    }).result()
    const { rounds } = await tryStrategy(strategy, { target, texts: [text], signal })
    const counted = stats.acceptedPerRound.map((_, kept) => rounds.filter(({ accepted }) => accepted === kept).length)
    // But for the rounds at the end, whose drafts are cut short.
    const left = stats.acceptedPerRound.reduce((sum, count, kept) => sum + (count - counted[kept]!) * (kept + 1), 0)
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(longest)
    expect(rounds.every(({ drafted }) => drafted === longest)).toBe(true)
  })

  test('learns from what the target said', async () => {
    const target = new ToyModel({
      vocabSize: 6,
      contextLength: 256,
      next: (context) => onto((context.at(-1)! + 1) % 6),
    })
    const { rounds } = await tryStrategy(tokenRecycling(), { target, texts: [await saidBy(target)], signal })
    expect(rounds[0]).toEqual({ drafted: 0, accepted: 0 })
    expect(rounds.at(-1)).toEqual({ drafted: longest, accepted: longest })
  })

  test('is stopped by the signal', async () => {
    const [target, stopped] = [toy(1), AbortSignal.abort(new Error('enough'))]
    const texts = [await saidBy(target)]
    await expect(tryStrategy(tokenRecycling(), { target, texts, signal: stopped })).rejects.toThrow('enough')
  })
})

describe('what it would gain', () => {
  const curve = Array.from({ length: 9 }, (_, i) => ({ tokens: i + 1, ms: 10 + i }))

  test('is tokens over time, at the length where that is most', () => {
    const rounds = [
      { drafted: 8, accepted: 2 },
      { drafted: 8, accepted: 4 },
    ]
    // Length 2: 6 tokens in 2 x (2 x 1 + 12); 3: 7 in 2 x (3 + 13); 4: 8 in 2 x (4 + 14).
    const found = prospect({ rounds, tokenMs: 1 }, curve)
    expect(found).toMatchObject({ coverage: 1, alpha: 6 / 8, length: 4, longest: false })
    expect(found.speedup).toBeCloseTo((8 * 10) / 36, 12)
    expect(found.acceptance).toEqual([1, 1, 0.5, 1, 0])
    // Drafts that cost more are best shorter.
    expect(prospect({ rounds, tokenMs: 4 }, curve).length).toBe(2)
  })

  test('counts the rounds in which it was silent', () => {
    const rounds = [{ drafted: 8, accepted: 8 }, ...Array.from({ length: 3 }, () => ({ drafted: 0, accepted: 0 }))]
    const found = prospect({ rounds, tokenMs: 0 }, curve)
    expect(found).toMatchObject({ coverage: 0.25, alpha: 1, length: 8, longest: true })
    expect(found.speedup).toBeCloseTo((12 * 10) / (18 + 30), 12)
  })

  test('is no longer than the curve', () => {
    const rounds = [{ drafted: 8, accepted: 8 }]
    expect(prospect({ rounds, tokenMs: 0 }, curve.slice(0, 4))).toMatchObject({ length: 3, longest: true })
  })
})

describe('texts', () => {
  afterEach(() => vi.restoreAllMocks())

  test('get shorter when the first takes longer than T(1) promised', async () => {
    let clock = 0
    vi.spyOn(performance, 'now').mockImplementation(() => (clock += 100))
    const model = Object.assign(toy(1), { tokenizer: { ...toy(1).tokenizer, encode: () => prompt } })
    const prompts = ['a', 'b'].map((id) => ({ id, kind: 'own', text: id }))
    const [first, second] = await sayTexts(model, prompts, { passMs: 1, signal, onProgress: () => {} })
    expect(first!.tokens).toHaveLength(48)
    expect(second!.tokens).toHaveLength(textLength(2, first!.ms / 48))
    expect(second!.tokens.length).toBeLessThan(48)
  })

  test('are long on a quick machine, and short on a slow one', () => {
    expect(textLength(3, 1)).toBe(48)
    expect(textLength(3, 125)).toBe(32)
    expect(textLength(3, 5000)).toBe(24)
  })

  test('are said plainly; those that end at once are left out', async () => {
    const end = 5
    const ends = new ToyModel({ vocabSize: 6, contextLength: 256, end, next: ([first]) => onto(first === 0 ? end : 2) })
    const tell: number[] = []
    const prompts = ['\u0000', '\u0001'].map((text, i) => ({ id: String(i), kind: 'own', text }))
    const model = Object.assign(ends, {
      tokenizer: {
        ...ends.tokenizer,
        encode: (text: string) => [text.charCodeAt(0)],
        decode: () => '',
        isEnd: (token: TokenId) => token === end,
      },
    })
    const texts = await sayTexts(model, prompts, {
      passMs: 1,
      signal,
      onProgress: (fraction) => tell.push(fraction),
    })
    expect(texts.map(({ tokens }) => tokens)).toEqual([Array<number>(48).fill(2)])
    expect(tell).toEqual(Array.from({ length: 48 }, (_, i) => 0.5 + (i + 1) / 96))
  })
})

function onto(token: TokenId): number[] {
  return Array.from({ length: 6 }, (_, i) => (i === token ? 1 : 0))
}
