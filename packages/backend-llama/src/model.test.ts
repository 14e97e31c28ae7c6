import type { Sequence } from '@foretoken/core'
import koffi from 'koffi'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { loadModel } from './index.js'
import type { FfiModel } from './model.js'
import { targetPath } from './test-models.js'

const load = async (sequences: number, contextSize = 256) =>
  (await loadModel({ path: targetPath, gpu: false, sequences, contextSize, onWarning: () => {} })) as FfiModel

const largestDifference = (a: Float32Array, b: Float32Array) =>
  a.reduce((most, logit, token) => Math.max(most, Math.abs(logit - b[token]!)), 0)

const rowsOf = async (sequence: Sequence, tokens: readonly number[]) => {
  const rows = await sequence.forward(tokens, { outputs: 'all' })
  return Array.from({ length: rows.count }, (_, row) => ({ best: rows.argmax(row), row: rows.row(row).slice() }))
}

describe('several sequences', () => {
  let model: FfiModel
  beforeAll(async () => {
    model = await load(4)
  })
  afterAll(() => model.dispose())

  it('share one pass, whatever their lengths, with the logits of a pass alone', async () => {
    const inputs = [5, 3, 1, 4].map((length, index) => Array.from({ length }, (_, at) => 97 * (at + 1) + 13 * index))
    const alone: Awaited<ReturnType<typeof rowsOf>>[] = []
    for (const input of inputs) {
      const sequence = await model.createSequence()
      await sequence.forward([1, 2, 3], { outputs: 'none' })
      alone.push(await rowsOf(sequence, input))
      await sequence.dispose()
    }
    const sequences = await Promise.all(inputs.map(() => model.createSequence()))
    for (const sequence of sequences) await sequence.forward([1, 2, 3], { outputs: 'none' })

    const added = vi.spyOn(model.context, 'addToBatch')
    const cleared = vi.spyOn(model.context, 'clearBatch')
    // Behind the first of them, the others gather.
    const first = sequences[0]!.forward([7], { outputs: 'none' })
    const rest = sequences.slice(1).map((sequence, index) => rowsOf(sequence, inputs[index + 1]!))
    await first
    const together = await Promise.all(rest)
    expect(cleared.mock.calls.length).toBeLessThanOrEqual(2)
    expect(added).toHaveBeenCalledTimes(4)
    vi.restoreAllMocks()

    together.forEach((rows, index) =>
      rows.forEach(({ best, row }, at) => {
        const { best: bestAlone, row: rowAlone } = alone[index + 1]![at]!
        expect(largestDifference(row, rowAlone)).toBeLessThan(0.05)
        expect(best).toBe(bestAlone)
      }),
    )
    for (const sequence of sequences) await sequence.dispose()
  })

  it('generate side by side what each generates alone', async () => {
    const prompts = ['function add(', 'const x = ', 'class A {', '// a'].map((text) =>
      model.tokenizer.encode(text, { start: true }),
    )
    const write = async (prompt: readonly number[]) => {
      const sequence = await model.createSequence()
      const tokens: number[] = []
      let rows = await sequence.forward(prompt)
      while (tokens.length < 24) {
        tokens.push(rows.argmax(0))
        rows = await sequence.forward(tokens.slice(-1))
      }
      await sequence.dispose()
      return tokens
    }
    const alone: number[][] = []
    for (const prompt of prompts) alone.push(await write(prompt))
    expect(await Promise.all(prompts.map(write))).toEqual(alone)
  })
})

describe('long inputs', () => {
  it('keep the event loop alive, and give the rows of all their parts', async () => {
    const model = await load(2, 1024)
    const sequence = await model.createSequence()
    const input = Array.from({ length: 700 }, (_, index) => (index * 31) % model.vocabSize)
    let ticks = 0
    const timer = setInterval(() => ticks++, 1)
    const started = performance.now()
    const long = await rowsOf(sequence, input)
    const took = performance.now() - started
    clearInterval(timer)
    expect(long).toHaveLength(700)
    // A tick each 30 ms at the least, on a machine with other work.
    expect(ticks).toBeGreaterThan(took / 30)
    const other = await model.createSequence()
    await other.forward(input.slice(0, 600), { outputs: 'none' })
    const short = await rowsOf(other, input.slice(600, 620))
    short.forEach(({ row }, at) => expect(largestDifference(row, long[600 + at]!.row)).toBeLessThan(0.05))
    await model.dispose()
  })

  it('stop at a signal, with a prefix held that can be gone on from', async () => {
    const model = await load(1, 1024)
    const sequence = await model.createSequence()
    const input = Array.from({ length: 1024 }, (_, index) => (index * 31) % model.vocabSize)
    const controller = new AbortController()
    const running = sequence.forward(input, { outputs: 'none', signal: controller.signal })
    // The first pass begins in this turn, and the next one not before the next.
    await undefined
    controller.abort()
    await expect(running).rejects.toBe(controller.signal.reason)
    expect(sequence.length).toBe(512)
    expect(model.context.sequenceLength(0)).toBe(512)
    await sequence.forward(input.slice(512), { outputs: 'none' })
    expect(sequence.length).toBe(1024)
    await model.dispose()
  })
})

describe('disposal', () => {
  it('of a sequence in flight rejects its forward and gives its place back', async () => {
    const model = await load(1, 1024)
    const sequence = await model.createSequence()
    const running = sequence.forward(Array.from({ length: 900 }, () => 5)).catch((error: unknown) => error)
    await sequence.dispose()
    expect(await running).toMatchObject({ code: 'disposed' })
    const next = await model.createSequence()
    await next.forward([1, 2, 3])
    expect(model.context.sequenceLength(0)).toBe(3)
    await model.dispose()
  })

  it('of a model waits for the pass in flight, and makes rows and tokenizer unusable', async () => {
    const model = await load(2)
    const [one, two] = [await model.createSequence(), await model.createSequence()]
    const rows = await one.forward([1])
    const running = [one.forward(Array.from({ length: 200 }, () => 5)), two.forward([1])].map((each) =>
      each.catch((error: unknown) => error),
    )
    await Promise.all([model.dispose(), model.dispose()])
    for (const outcome of await Promise.all(running)) expect(outcome).toMatchObject({ code: 'disposed' })
    expect(() => rows.row(0)).toThrow(expect.objectContaining({ code: 'stale-logits' }))
    expect(() => model.tokenizer.encode('a')).toThrow(expect.objectContaining({ code: 'disposed' }))
    await expect(one.fork!()).rejects.toMatchObject({ code: 'disposed' })
    await Promise.all([one.dispose(), two.dispose()])
  })
})

describe('what is done to a model while it is at work', () => {
  it('does not matter to what its sequences say they hold', async () => {
    const model = await load(1)
    const sequence = await model.createSequence()
    const tokens = [1, 2, 3]
    const running = sequence.forward(tokens)
    tokens.fill(9)
    await running
    expect(sequence.tokens).toEqual([1, 2, 3])
    await model.dispose()
  })

  it('is in order, whatever it is', async () => {
    const model = await load(3, 1024)
    const text = Array.from({ length: 600 }, (_, index) => index)
    const [one, two] = [await model.createSequence(), await model.createSequence()]
    await two.forward([4, 5, 6])
    const long = one.forward(text)
    const [, fork] = await Promise.all([two.truncate(1), model.createSequence()])
    await fork.dispose()
    const copy = await two.fork!()
    expect(copy.tokens).toEqual([4])
    await two.dispose()
    await long
    expect([model.context.sequenceLength(0), model.context.sequenceLength(2)].sort()).toEqual([1, 600])
    await model.dispose()
  })
})

describe('where typed arrays may not lie in foreign memory (Electron)', () => {
  it('rows are copied', async () => {
    const shared = await load(1)
    const [wanted] = await rowsOf(await shared.createSequence(), [5, 6, 7])
    await shared.dispose()
    const view = vi.spyOn(koffi, 'view').mockImplementation(() => {
      throw new Error('External buffers are not allowed')
    })
    vi.resetModules()
    const { loadModel: freshLoad } = await import('./index.js')
    const model = await freshLoad({ path: targetPath, gpu: false, contextSize: 256 })
    const [row] = await rowsOf(await model.createSequence(), [5, 6, 7])
    expect(row!.row).toEqual(wanted!.row)
    expect(view).toHaveBeenCalledTimes(1)
    await model.dispose()
    view.mockRestore()
  })
})

describe('the tokenizer', () => {
  let model: FfiModel
  beforeAll(async () => {
    model = await load(1)
  })
  afterAll(() => model.dispose())

  it.each(['', 'a', 'function f() { return 1 }\n', 'naïve 日本語 🙂 \u0000 é', '  two  spaces ', '\uFEFFmark'])(
    'gives %j back',
    (text) => {
      expect(model.tokenizer.decode(model.tokenizer.encode(text))).toBe(text)
    },
  )

  it('puts the start token in front once, and only when asked', () => {
    const { tokenizer } = model
    const start = tokenizer.encode('', { start: true })
    expect(start.length).toBeLessThanOrEqual(1)
    const text = tokenizer.decode(start, { special: true })
    expect(tokenizer.encode('a', { start: true })).toEqual([...start, ...tokenizer.encode('a')])
    expect(tokenizer.encode(`${text}a`, { start: true, special: true })).toEqual(tokenizer.encode('a', { start: true }))
  })

  it('takes control tokens for text unless told otherwise', () => {
    const { tokenizer } = model
    const end = Array.from({ length: tokenizer.vocabSize }, (_, token) => token).find((token) =>
      tokenizer.isEnd(token),
    )!
    const text = tokenizer.decode([end], { special: true })
    expect(text.length).toBeGreaterThan(0)
    expect(tokenizer.decode([end])).toBe('')
    expect(tokenizer.encode(text, { special: true })).toEqual([end])
    expect(tokenizer.encode(text)).not.toContain(end)
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text)
  })

  it('shows incomplete characters as U+FFFD', () => {
    const bytes = model.tokenizer.encode('🙂')
    expect(bytes.length).toBeGreaterThan(1)
    expect(model.tokenizer.decode(bytes.slice(0, 1))).toContain('\uFFFD')
  })

  it('refuses numbers that are no tokens', () => {
    for (const token of [-1, model.vocabSize, 0.5]) {
      expect(() => model.tokenizer.decode([token])).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
      expect(() => model.tokenizer.isEnd(token)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    }
  })
})
