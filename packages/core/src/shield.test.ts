import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { generate } from './generate.js'
import { fixedLength } from './length/fixed.js'
import { Distribution } from './sampling/distribution.js'
import type { Draft, DraftStrategy } from './strategy.js'
import { randomTable, ToyModel } from './testing/toy-model.js'

const vocabSize = 4
const toy = () => new ToyModel({ next: randomTable({ seed: 1, vocabSize }) })
const hostile = (propose: (...args: never[]) => unknown, rest: object = {}): DraftStrategy => ({
  name: 'hostile',
  open: () => ({ propose: propose as () => Draft, ...rest }),
})
const run = (strategy?: DraftStrategy, signal?: AbortSignal) =>
  generate({ model: toy(), prompt: [0, 1], maxTokens: 30, strategy, signal, length: fixedLength(3) }).result()

afterEach(() => void vi.useRealTimers())

describe('a hostile strategy costs its draft, never the text', () => {
  const q = Distribution.of(Float64Array.of(1, 1, 1, 0))
  it.each([
    [
      'throws',
      () => {
        throw new Error('ouch')
      },
    ],
    ['rejects', () => Promise.reject(new Error('ouch'))],
    ['gives nothing', () => undefined],
    ['gives no tokens', () => ({})],
    ['drafts too much', () => ({ tokens: [0, 1, 2, 3, 0, 1, 2] })],
    ['drafts what is no token', () => ({ tokens: [0, 4] })],
    ['withholds what is no token', () => ({ tokens: [0], withheld: 4 })],
    ['drafts halves', () => ({ tokens: [0.5] })],
    ['drafts NaN', () => ({ tokens: [NaN] })],
    ['forgets a q', () => ({ tokens: [0, 1], distributions: [q] })],
    ['drafts what its q cannot give', () => ({ tokens: [3], distributions: [q] })],
    ['has a q that is none', () => ({ tokens: [0], distributions: [{}] })],
    ['has a negative q', () => ({ tokens: [0], distributions: [{ weights: Float64Array.of(1, -1, 1, 1), total: 1 }] })],
    ['has a q of NaN', () => ({ tokens: [0], distributions: [{ weights: Float64Array.of(NaN, 1, 1, 1), total: 1 }] })],
    [
      'has a q over other tokens',
      () => ({ tokens: [0], distributions: [Distribution.of(Float64Array.of(1, 1), Int32Array.of(0, 9))] }),
    ],
  ])('%s', async (_, propose) => {
    const { tokens, warnings } = await run(hostile(propose))
    expect(tokens).toEqual((await run()).tokens)
    expect(warnings).toHaveLength(3)
    expect(warnings[2]).toMatchObject({ code: 'strategy', message: expect.stringContaining('goes on without drafts') })
  })

  it('says nothing of what it withholds, or the truth: the guard is told', async () => {
    const heard: unknown[] = []
    const watched = fixedLength(3)
    const length = {
      ...watched,
      open: (init: Parameters<typeof watched.open>[0]) => ({
        ...watched.open(init),
        observe: ({ draft }: { draft: object }) => void heard.push(draft),
      }),
    }
    const strategy = hostile(() => ({ tokens: [0], withheld: 1 }))
    await generate({ model: toy(), prompt: [0, 1], maxTokens: 3, strategy, length }).result()
    expect(heard[0]).toEqual({ tokens: [0], withheld: 1 })
  })

  it('writes into the context', async () => {
    const vandal = hostile((context: number[]) => (context.fill(3), { tokens: [] }))
    expect((await run(vandal)).tokens).toEqual((await run()).tokens)
  })

  it('changes its draft after handing it over', async () => {
    const tokens = [0, 0, 0]
    const vandal = hostile(() => (queueMicrotask(() => tokens.fill(99)), { tokens: tokens.fill(0) }))
    expect((await run(vandal)).tokens).toEqual((await run()).tokens)
  })

  it('throws in observe and dispose', async () => {
    const fail = () => {
      throw new Error('ouch')
    }
    const { tokens, warnings } = await run(hostile(() => ({ tokens: [0] }), { observe: fail, dispose: fail }))
    expect(tokens).toEqual((await run()).tokens)
    expect(warnings.length).toBeGreaterThanOrEqual(3)
  })

  it('never answers: the generation goes on without it', async () => {
    vi.useFakeTimers()
    const running = run(hostile(() => new Promise(() => {}), { dispose: () => new Promise(() => {}) }))
    await vi.advanceTimersByTimeAsync(30_000)
    const { warnings, tokens } = await running
    expect(warnings[0]!.message).toContain('did not answer in time')
    vi.useRealTimers()
    expect(tokens).toEqual((await run()).tokens)
  })

  it('never answers, and the caller aborts: the caller is heard at once', async () => {
    const controller = new AbortController()
    const running = run(
      hostile(() => new Promise(() => {})),
      controller.signal,
    )
    setTimeout(() => controller.abort(new Error('enough')), 20)
    await expect(running).rejects.toThrow('enough')
  })

  it('rewrites what it is handed: the verdict, the request, the chance, the sampler', async () => {
    const options = {
      model: toy(),
      prompt: [0, 1],
      maxTokens: 30,
      length: fixedLength(3),
      temperature: 1,
      topK: 1,
      seed: 1,
    }
    const wanted = (await generate(options).result()).tokens
    const spoil = (object: object) => {
      for (const key of Object.keys(object)) {
        try {
          ;(object as Record<string, unknown>)[key] = () => 3
        } catch {
          // Frozen.
        }
      }
    }
    const vandal: DraftStrategy = {
      name: 'vandal',
      open(init) {
        spoil(init.sampler)
        spoil(init.sampler.options)
        return {
          propose(_, request) {
            spoil(request.chance)
            spoil(request)
            return { tokens: [0] }
          },
          observe: spoil,
        }
      },
    }
    expect((await generate({ ...options, strategy: vandal }).result()).tokens).toEqual(wanted)
  })

  it('rejects in an asynchronous observe: a warning, not the end of the process', async () => {
    const observe = () => Promise.reject(new Error('ouch'))
    const { tokens, warnings } = await run(hostile(() => ({ tokens: [0] }), { observe }))
    expect(tokens).toEqual((await run()).tokens)
    expect(warnings.length).toBeGreaterThan(0)
    expect(warnings[0]!.message).toContain('ouch')
  })

  it.each([
    ['open', { open: () => new Promise<never>(() => {}) }],
    [
      'propose, with a promise of its own making',
      // oxlint-disable-next-line unicorn/no-thenable -- it is what this is about
      { open: () => ({ propose: () => ({ then: () => {} }) }) },
    ],
    [
      'propose and dispose',
      { open: () => ({ propose: () => new Promise<never>(() => {}), dispose: () => new Promise<never>(() => {}) }) },
    ],
  ])('hangs in %s: the caller who aborts is heard within a second or so', async (_, rest) => {
    const controller = new AbortController()
    const started = performance.now()
    const running = run({ name: 'hostile', ...rest } as DraftStrategy, controller.signal)
    setTimeout(() => controller.abort(new Error('enough')), 20)
    await expect(running).rejects.toThrow('enough')
    expect(performance.now() - started).toBeLessThan(3_000)
  })

  it('opens late, when the caller has gone: it is put away', async () => {
    const controller = new AbortController()
    let open: ((drafter: object) => void) | undefined
    const strategy = {
      name: 'late',
      open: () => new Promise((resolve) => (open = resolve)),
    } as unknown as DraftStrategy
    const running = run(strategy, controller.signal)
    setTimeout(() => controller.abort(new Error('enough')), 10)
    await expect(running).rejects.toThrow('enough')
    const dispose = vi.fn<() => void>()
    open!({ propose: () => ({ tokens: [] }), dispose })
    await vi.waitFor(() => expect(dispose).toHaveBeenCalledOnce())
  })

  it('drafts anything at all (property)', async () => {
    const wanted = (await run()).tokens
    const token = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer(), fc.double())
    const weights = fc.array(fc.oneof(fc.double(), fc.integer({ min: 0, max: 3 })), { maxLength: 6 })
    const draft = fc.record(
      {
        tokens: fc.array(token, { maxLength: 5 }),
        distributions: fc.array(weights.map((w) => ({ weights: Float64Array.from(w), total: 1 }))),
      },
      { requiredKeys: ['tokens'] },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(draft, { minLength: 1, maxLength: 5 }), async (drafts) => {
        let round = 0
        const { tokens } = await run(hostile(() => drafts[round++ % drafts.length]))
        expect(tokens).toEqual(wanted)
      }),
      { numRuns: 100 },
    )
  })
})
