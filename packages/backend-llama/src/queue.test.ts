import type { LogitsRows, TokenId } from '@foretoken/core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { nextTurn } from './event-loop.js'
import type { NativeContext } from './ffi/context.js'
import { PassQueue } from './queue.js'
import type { Line } from './queue.js'

/** In milliseconds. Only passes let it go on, so that a machine with other work changes nothing. */
let clock = 0
beforeAll(() => void vi.spyOn(performance, 'now').mockImplementation(() => clock))
afterAll(() => void vi.restoreAllMocks())

/** A context whose passes take as long as they are told to, and that writes down what each pass held. */
class FakeContext {
  readonly passes: { line: number; position: number; tokens: number[]; rows: number }[][] = []
  readonly sizes = { tokensPerPass: 8, rowsPerPass: 4 }
  status = 0
  milliseconds = 0
  inBackground = 0
  private batch: FakeContext['passes'][number] = []

  clearBatch(): void {
    this.batch = []
  }

  addToBatch(tokens: ArrayLike<number>, from: number, to: number, position: number, line: number, rows: number): void {
    this.batch.push({ line, position, tokens: Array.from(tokens).slice(from, to), rows })
  }

  decode(): number {
    this.passes.push(this.batch)
    clock += this.milliseconds
    return this.status
  }

  async decodeInBackground(): Promise<number> {
    this.inBackground++
    this.passes.push(this.batch)
    await new Promise((resolve) => setTimeout(resolve, this.milliseconds))
    clock += this.milliseconds
    return this.status
  }

  loadRows(): void {}

  /** Tells its place in the pass, and the pass. */
  row(index: number): Float32Array {
    return Float32Array.of(index, this.passes.length)
  }

  removeFrom(): boolean {
    return true
  }
}

const open = () => {
  const context = new FakeContext()
  return { context, queue: new PassQueue(context as unknown as NativeContext, { cpu: true, gpu: false }) }
}
const line = (id: number): Line => ({ id, held: [] })
const range = (count: number): TokenId[] => Array.from({ length: count }, (_, index) => index)
const rowsOf = (rows: LogitsRows) => Array.from({ length: rows.count }, (_, row) => [...rows.row(row)])

describe('the queue of passes', () => {
  it('merges the forwards that are asked for in one breath, and tells of the pass', async () => {
    const { context, queue } = open()
    context.milliseconds = 1
    const lines = [line(0), line(1), line(2)]
    const passed = await Promise.all(lines.map((each, index) => queue.forward(each, range(index + 1), 1, undefined)))
    expect(context.passes.map((pass) => pass.map(({ line: id }) => id))).toEqual([[0, 1, 2]])
    expect(passed.map(rowsOf)).toEqual([[[0, 1]], [[1, 1]], [[2, 1]]])
    for (const { pass } of passed) expect(pass).toEqual({ tokens: 6, sequences: 3, ms: 1 })
  })

  it('merges the forwards that wait while a pass runs', async () => {
    const { context, queue } = open()
    context.milliseconds = 5
    const read = async (id: number) => rowsOf(await queue.forward(line(id), [1], 1, undefined))
    await read(0)
    const first = read(0)
    await nextTurn()
    await Promise.all([first, read(1), read(2)])
    expect(context.inBackground).toBeGreaterThan(0)
    expect(context.passes.map((pass) => pass.map(({ line: id }) => id))).toEqual([[0], [0], [1, 2]])
  })

  it('keeps generations that run side by side in one pass each', async () => {
    const { context, queue } = open()
    const generate = async (each: Line) => {
      for (let step = 0; step < 10; step++) {
        const [, pass] = (await queue.forward(each, [step], 1, undefined)).row(0)
        expect(pass).toBe(context.passes.length)
      }
    }
    await Promise.all([line(0), line(1), line(2)].map(generate))
    expect(context.passes.length).toBeLessThanOrEqual(12)
  })

  it('never lets two models compute at the same time', async () => {
    const [target, draft] = [open(), open()]
    let computing = 0
    for (const { context } of [target, draft]) {
      context.milliseconds = 5
      const decode = context.decodeInBackground.bind(context)
      context.decodeInBackground = async () => {
        expect(++computing).toBe(1)
        const status = await decode()
        computing--
        return status
      }
    }
    const run = async ({ queue }: typeof target, id: number) => {
      const each = line(id)
      for (let step = 0; step < 4; step++) await queue.forward(each, [step], 1, undefined)
    }
    await Promise.all([run(target, 0), run(draft, 0), run(draft, 1)])
    expect(target.context.inBackground).toBe(4)
    // What waits for the target's pass goes together afterwards.
    expect(draft.context.passes.some((pass) => pass.length === 2)).toBe(true)
  })

  it('does not let a newcomer overwrite rows that are about to be read', async () => {
    const { queue } = open()
    const first = queue.forward(line(0), [1], 1, undefined)
    await undefined
    await undefined
    const second = queue.forward(line(1), [1], 1, undefined)
    // Some promises later, but in the same turn of the event loop.
    const read = first.then(async (rows) => {
      for (let hop = 0; hop < 20; hop++) await undefined
      return rows.row(0)[1]
    })
    expect(await read).toBe(1)
    expect((await second).row(0)[1]).toBe(2)
  })

  it('makes the rows of earlier passes stale', async () => {
    const { queue } = open()
    const rows = await queue.forward(line(0), [1], 1, undefined)
    await queue.forward(line(1), [1], 1, undefined)
    expect(() => rows.row(0)).toThrow(expect.objectContaining({ code: 'stale-logits' }))
  })

  it('never waits for the event loop when there is one caller', async () => {
    const { context, queue } = open()
    const only = line(0)
    await queue.forward(only, [1], 1, undefined)
    let turns = 0
    const count = () => (turns++, (timer = setImmediate(count)))
    let timer = setImmediate(count)
    for (let step = 0; step < 50; step++) await queue.forward(only, [1], 1, undefined)
    clearImmediate(timer)
    expect(context.passes).toHaveLength(51)
    expect(turns).toBeLessThanOrEqual(1)
  })

  it('cuts long forwards, and keeps the rows of every part', async () => {
    const { context, queue } = open()
    const only = line(0)
    const rows = await queue.forward(only, range(21), 6, undefined)
    expect(context.passes.map(([slice]) => [slice!.position, slice!.tokens.length, slice!.rows])).toEqual([
      [0, 8, 0],
      [8, 8, 1],
      [16, 4, 4],
      [20, 1, 1],
    ])
    expect(rowsOf(rows)).toEqual([
      [0, 2],
      [0, 3],
      [1, 3],
      [2, 3],
      [3, 3],
      [0, 4],
    ])
    expect(only.held).toEqual(range(21))
  })

  it('looks at the signal before each part, and leaves a prefix', async () => {
    const { context, queue } = open()
    const only = line(0)
    const controller = new AbortController()
    context.milliseconds = 5
    const running = queue.forward(only, range(100), 1, controller.signal)
    setTimeout(() => controller.abort(new Error('enough')), 12)
    await expect(running).rejects.toThrow('enough')
    expect(only.held.length % 8).toBe(0)
    expect(only.held.length).toBeLessThan(100)
    await queue.forward(only, [1], 1, undefined)
    expect(context.passes.at(-1)).toMatchObject([{ position: only.held.length - 1 }])
  })

  it('rejects all forwards of a pass that failed, and goes on', async () => {
    const { context, queue } = open()
    const [one, two] = [line(0), line(1)]
    context.status = 1
    const outcomes = await Promise.allSettled([one, two].map((each) => queue.forward(each, [1], 1, undefined)))
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect([one.held, two.held]).toEqual([[], []])
    context.status = 0
    await queue.forward(two, [1], 1, undefined)
    expect(two.held).toEqual([1])
  })

  it('runs short passes on this thread and long ones on another', async () => {
    const { context, queue } = open()
    const only = line(0)
    context.milliseconds = 0.5
    await queue.forward(only, [1], 1, undefined)
    for (let step = 0; step < 20; step++) await queue.forward(only, [1], 1, undefined)
    expect(context.inBackground).toBe(1)
    context.milliseconds = 8
    for (let step = 0; step < 40; step++) await queue.forward(only, [1], 1, undefined)
    expect(context.inBackground).toBeGreaterThan(20)
  })

  it('lets timers run while short passes follow each other', async () => {
    const { context, queue } = open()
    const only = line(0)
    await queue.forward(only, [1], 1, undefined)
    context.milliseconds = 1
    let turns = 0
    const count = () => (turns++, (timer = setImmediate(count)))
    let timer = setImmediate(count)
    for (let step = 0; step < 200; step++) await queue.forward(only, [1], 1, undefined)
    clearImmediate(timer)
    expect(context.inBackground).toBe(1)
    expect(turns).toBeGreaterThan(10)
  })

  it('does what needs the cache alone between passes', async () => {
    const { context, queue } = open()
    context.milliseconds = 10
    await nextTurn()
    await queue.forward(line(0), [1], 1, undefined)
    const before = clock
    const running = queue.forward(line(0), [1], 1, undefined)
    await nextTurn()
    expect(await queue.exclusively(() => [context.passes.length, clock])).toEqual([2, before + 10])
    await running
    await expect(
      queue.exclusively(() => {
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
  })
})
