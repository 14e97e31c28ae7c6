import { createChance, type DraftStrategy, fixedLength, type LanguageModel } from '@foretoken/core'
import { randomTable, strategyConformance, ToyModel, type ToyModelOptions } from '@foretoken/core/testing'
import { describe, expect, test } from 'vitest'
import { Interrupted } from '../failure.js'
import { plainRun } from '../measure/rounding.js'
import { createPaint } from '../terminal/paint.js'
import { collect, type VerifyOptions } from './collect.js'
import { misleading } from './mislead.js'
import { verifyReport } from './report.js'
import { verifyLines, verifyPlot } from './show.js'
import { speculativeRun } from './speculative.js'
import { watch } from './watch.js'

const table = randomTable({ seed: 5, vocabSize: 4 })
const toy = (options: Partial<ToyModelOptions> = {}) => new ToyModel({ vocabSize: 4, next: table, ...options })
const prompt = [0, 1, 2]
const signal = new AbortController().signal

/** Drafts three tokens that mean nothing. */
const clumsy: DraftStrategy = {
  name: 'clumsy',
  open: () => ({ propose: (_, { maxTokens }) => ({ tokens: [1, 1, 1].slice(0, maxTokens) }) }),
}
const way = { strategy: clumsy, length: fixedLength(3) }

/** A model that plain decoding agrees with, but that says token 3 in passes over several tokens behind 2, 2. */
function forking(): LanguageModel {
  const model = toy()
  const create = model.createSequence.bind(model)
  return Object.assign(model, {
    async createSequence() {
      const sequence = await create()
      const forward = sequence.forward.bind(sequence)
      return Object.assign(sequence, {
        async forward(...[tokens, options]: Parameters<typeof forward>) {
          const rows = await forward(tokens, options)
          const wrong = tokens.length > 1 && tokens[0] === 2 && rows.count > 0
          if (!wrong) return rows
          const row = (index: number): Float32Array => rows.row(index).map((logit, id) => logit + (id === 3 ? 9 : 0))
          return { count: rows.count, row, argmax: (index: number) => row(index).indexOf(Math.max(...row(index))) }
        },
      })
    },
  })
}

describe('misleading drafts', () => {
  test('are the text, but for one token or none; roll-backs of every length follow', async () => {
    const { text } = await plainRun({ model: toy(), prompt, maxTokens: 200 })
    const all = [...prompt, ...text]
    const drafter = await misleading(all, 4).open({ target: toy(), sampler: {} as never })
    const request = { maxTokens: 4, chance: createChance(1), goOn: () => true, wantsConfidence: false }
    const lengths = new Set<number>()
    const wrongAt = new Set<number>()
    for (let i = 3; i < 150; i++) {
      const { tokens } = await drafter.propose(all.slice(0, i), request)
      const wrong = tokens.flatMap((token, at) => (token === all[i + at] ? [] : [at]))
      expect(wrong.length).toBeLessThan(2)
      expect(tokens.every((token) => token >= 0 && token < 4)).toBe(true)
      lengths.add(tokens.length)
      wrongAt.add(wrong[0] ?? -1)
    }
    expect([...lengths].toSorted()).toEqual([1, 2, 3, 4])
    expect([...wrongAt].toSorted()).toEqual([-1, 0, 1, 2, 3])
  })

  describe('are a strategy as any other', () => {
    const text = Array.from({ length: 300 }, (_, i) => i % 4)
    for (const { name, run } of strategyConformance(() => misleading(text, 4))) {
      // It draws at random which token to replace, and knows no distribution that this were drawn from.
      test.skipIf(/q that it reports|stops drafting/.test(name))(name, run)
    }
  })
})

test('watch compares the rows behind the same text, and no others', async () => {
  const plain = await plainRun({ model: toy(), prompt, maxTokens: 10 })
  const seen = { widths: [], rollbacks: [], drifts: [] }
  const sequence = watch(await toy().createSequence(), plain, seen)
  await sequence.forward(prompt.slice(0, 2), { outputs: 'none' })
  const [first, second] = plain.text as [number, number]
  await sequence.forward([2, first, (second + 1) % 4, 0], { outputs: 'all' })
  await sequence.forward([1])
  await sequence.truncate(4)
  await sequence.truncate(4)
  await sequence.forward([second])
  expect(seen).toEqual({
    widths: [4, 1, 1],
    rollbacks: [3],
    drifts: [0, 1, 2].map((position) => ({ position, distance: 0 })),
  })
})

describe('a speculative run', () => {
  test('compares every token, the end of the text among them, and the pass that would come next', async () => {
    const model = toy({ end: 3, next: ({ length }) => (length < 20 ? [0.1, 0.2, 0.7, 0] : [0, 0, 0, 1]) })
    const plain = await plainRun({ model, prompt, maxTokens: 40 })
    const run = await speculativeRun({ model, plain, way, seed: 1 })
    expect(run).toMatchObject({ compared: 18, forks: [], warnings: [] })
    expect(new Set(run.drifts.map(({ position }) => position)).size).toBe(18)
    const cut = await plainRun({ model, prompt, maxTokens: 10 })
    const shorter = await speculativeRun({ model, plain: cut, way, seed: 1 })
    expect(shorter.compared).toBe(10)
    expect(shorter.drifts.at(-1)).toEqual({ position: 10, distance: 0 })
  })

  test('goes on from the plain text behind a fork', async () => {
    const plain = await plainRun({ model: toy(), prompt, maxTokens: 60 })
    const model = forking()
    const run = await speculativeRun({ model, plain, way, seed: 1 })
    expect(run.compared).toBe(60)
    expect(run.forks.length).toBeGreaterThan(1)
    for (const { position, plain: wanted, other, margin } of run.forks) {
      expect([wanted, other]).toEqual([plain.text[position], 3])
      expect(margin).toBeGreaterThan(0)
    }
    // No sequence was left open.
    for (let i = 0; i < 4; i++) await model.createSequence()
  })

  test('an end that plain decoding does not have is a fork, and so is one that is missing', async () => {
    const options = { end: 3 }
    const ends = toy({ ...options, next: ({ length }) => (length < 9 ? [0.7, 0.2, 0.1, 0] : [0, 0, 0, 1]) })
    const never = toy({ ...options, next: () => [0.7, 0.2, 0.1, 0] })
    const long = await plainRun({ model: never, prompt, maxTokens: 8 })
    const early = await speculativeRun({ model: ends, plain: long, way, seed: 1 })
    expect(early.forks[0]).toEqual({ position: 6, plain: 0, other: undefined, margin: Infinity })
    expect(early.compared).toBe(8)
    const short = await plainRun({ model: ends, prompt, maxTokens: 8 })
    const late = await speculativeRun({ model: never, plain: short, way, seed: 1 })
    expect(late.forks).toMatchObject([{ position: 6, plain: undefined, other: 0 }])
  })

  test('tells of a strategy that failed', async () => {
    const plain = await plainRun({ model: toy(), prompt, maxTokens: 20 })
    const failing: DraftStrategy = { name: 'failing', open: () => ({ propose: () => Promise.reject(new Error('no')) }) }
    const run = await speculativeRun({ model: toy(), plain, way: { ...way, strategy: failing }, seed: 1 })
    expect(run.warnings.length).toBeGreaterThan(0)
  })
})

describe('the report', () => {
  const prompts = ['abc', 'dda', 'cab'].map((text, i) => ({ id: `p${i}`, kind: 'own', text }))
  const about = { target: 'toy', draft: undefined, longest: 3, note: 'a note' }
  const collected = (model: LanguageModel, more: Partial<VerifyOptions> = {}) =>
    collect({ model, way, longest: 3, prompts, tokens: 300, signal, ...more })

  test('of a model without fault: as many tokens as asked for, prompts in turns, no bug', async () => {
    const progress: number[] = []
    const evidence = await collected(toy(), { onProgress: (tokens) => progress.push(tokens) })
    expect(progress).toEqual([128, 256, 300])
    const report = verifyReport(evidence, about)
    expect(report).toMatchObject({ tokens: 300, texts: 3, limit: 0, bugs: [], rounding: { largest: 0 } })
    expect(report.runs.map(({ compared }) => compared)).toEqual([300, 300])
    expect(report.runs[0]!.rolledBack + report.runs[0]!.accepted).toBe(report.runs[0]!.drafted)
    expect(Math.min(...report.runs[1]!.rollbacks)).toBeGreaterThan(0)
    const text = verifyLines(report, verifyPlot(report, evidence), createPaint(false)).join('\n')
    expect(text).toContain('No bug. 300 tokens of 3 texts compared, in 2 speculative runs: no fork;')
    expect(text).toMatch(/misled +[▁-█]/)
    expect(text).toMatch(/a note$/)
    expect(text).not.toMatch(/NaN|undefined|Infinity/)
  })

  test('goes on with texts when there are more tokens wanted than prompts, up to the full context', async () => {
    const evidence = await collected(toy({ contextLength: 200 }), { tokens: 10_000 })
    expect(evidence).toMatchObject({ tokens: 3 * 197, texts: 3 })
    const late = evidence.ways[0].drifts.filter(({ prompt }) => prompt === 'p1').map(({ position }) => position)
    expect(Math.max(...late)).toBe(197)
  })

  test('of a fork that no rounding explains', async () => {
    const evidence = await collected(forking())
    const report = verifyReport(evidence, about)
    expect(report.bugs.length).toBeGreaterThan(0)
    const text = verifyLines(report, verifyPlot(report, evidence), createPaint(false)).join('\n')
    expect(text).toMatch(/^BUG /m)
    expect(text).toMatch(/^\d+ bugs?\. 300 tokens/m)
    expect(JSON.stringify(report)).toBeTruthy()
  })

  test('logits that are off are a bug though no word changed, and logits that are no number', async () => {
    const evidence = await collected(toy())
    const row = evidence.ways[1].drifts[7]!
    for (const distance of [0.5, NaN]) {
      const drifts = evidence.ways[1].drifts.with(7, { ...row, distance })
      const broken = { ...evidence, ways: [evidence.ways[0], { ...evidence.ways[1], drifts }] as const }
      expect(verifyReport(broken, about).bugs).toEqual([
        expect.stringMatching(
          /^misled: the logits of 1 row of \d+ are off by more than 0\.00, first at token \d+ of p0/,
        ),
      ])
    }
  })

  test('what is interrupted shows what there was, unless there was nothing', async () => {
    const controller = new AbortController()
    const onProgress = (): void => controller.abort(new Interrupted())
    const evidence = await collected(toy(), { signal: controller.signal, onProgress })
    expect(evidence).toMatchObject({ tokens: 128, interrupted: true })
    await expect(collected(toy(), { signal: controller.signal })).rejects.toThrow(Interrupted)
  })

  test('a prompt without room for a text is refused, by name', async () => {
    await expect(collected(toy({ contextLength: 3 }))).rejects.toMatchObject({
      code: 'context-overflow',
      message: expect.stringContaining('p0'),
    })
  })
})
