import { ForetokenError } from '@foretoken/core'
import { describe, expect, it } from 'vitest'
import { PassQueue } from './queue.js'
import type { Host } from './runtime/host.js'
import type { PassRequest, PassResult } from './runtime/messages.js'

/** A worker whose passes end when the test says so. */
function open(shares = true) {
  const sent: { sequences: number[]; end: (result?: PassResult) => void; fail: (reason: unknown) => void }[] = []
  const call = ({ texts }: PassRequest) =>
    new Promise<PassResult>((resolve, reject) => {
      const sequences = texts.map(({ sequence }) => sequence)
      const logits = (): PassResult => sequences.map((sequence) => Float32Array.of(sequence))
      sent.push({ sequences, end: (result = logits()) => resolve(result), fail: reject })
    })
  const queue = new PassQueue({ call } as unknown as Host, 1, shares)
  const run = (sequence: number, length = 1) =>
    queue.run({ sequence, at: 0, tokens: Array.from({ length }, () => 1), outputs: 1 })
  /** The pass of this number, once it was sent. */
  const pass = async (index: number) => {
    while (sent[index] === undefined) await nextTurn()
    return sent[index]
  }
  return { queue, run, pass, passes: () => sent.map(({ sequences }) => sequences) }
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

describe('PassQueue', () => {
  it('lets those that wait share the next pass, where they are of one token', async () => {
    const { run, pass, passes } = open()
    const all = [run(1), run(2), run(3, 5), run(4), run(5, 5), run(6), run(7, 2)]
    expect(passes()).toEqual([[1]])
    for (let index = 0; index < 5; index++) (await pass(index)).end()
    expect(passes()).toEqual([[1], [2, 4, 6], [3], [5], [7]])
    expect((await Promise.all(all)).map(({ logits }) => logits![0])).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  it('runs eight at a time at most', async () => {
    const { run, pass, passes } = open()
    const all = Array.from({ length: 10 }, (_, sequence) => run(sequence))
    for (let index = 0; index < 3; index++) (await pass(index)).end()
    await Promise.all(all)
    expect(passes()).toEqual([[0], [1, 2, 3, 4, 5, 6, 7, 8], [9]])
  })

  it('runs them in turn where the model cannot share', async () => {
    const { run, pass, passes } = open(false)
    const all = [run(1), run(2), run(3)]
    for (let index = 0; index < 3; index++) (await pass(index)).end()
    await Promise.all(all)
    expect(passes()).toEqual([[1], [2], [3]])
  })

  it('takes in all who have read the last pass, and keeps nobody waiting who is alone', async () => {
    const { run, pass, passes } = open()
    const loop = async (sequence: number) => {
      for (let round = 0; round < 3; round++) await run(sequence)
    }
    const first = loop(1)
    ;(await pass(0)).end()
    await Promise.resolve().then(() => {})
    await Promise.resolve().then(() => {})
    // Before any turn of the event loop.
    expect(passes()).toEqual([[1], [1]])
    const second = loop(2)
    for (let index = 1; index < 5; index++) (await pass(index)).end()
    await Promise.all([first, second])
    expect(passes()).toEqual([[1], [1], [2, 1], [2], [2]])
  })

  it('starts no pass while rows of the last may be read by others', async () => {
    const { queue, run, pass, passes } = open()
    void run(1)
    const both = [run(2), run(3)]
    ;(await pass(0)).end()
    ;(await pass(1)).end()
    await Promise.all(both)
    const { passes: stamp } = queue
    void run(2)
    expect(queue.passes).toBe(stamp)
    expect(passes()).toHaveLength(2)
    await pass(2)
    expect(passes()).toEqual([[1], [2, 3], [2]])
  })

  it('tells a failure to those whose pass it was', async () => {
    const { run, pass } = open()
    const first = run(1)
    const others = [run(2), run(3)]
    const reason = new ForetokenError('runtime', 'no')
    ;(await pass(0)).fail(reason)
    await expect(first).rejects.toBe(reason)
    ;(await pass(1)).end()
    expect((await Promise.all(others)).map(({ logits }) => logits![0])).toEqual([2, 3])
  })

  it('drops what is cancelled, and all when it is closed', async () => {
    const { queue, run, pass, passes } = open()
    const [first, second, third] = [run(1), run(2), run(3)]
    const gone = new ForetokenError('disposed', 'gone')
    queue.cancel(2, gone)
    queue.cancel(1, gone)
    await expect(second).rejects.toBe(gone)
    queue.close(gone)
    await expect(third).rejects.toBe(gone)
    await expect(run(4)).rejects.toBe(gone)
    ;(await pass(0)).end()
    expect((await first).logits![0]).toBe(1)
    await nextTurn()
    await nextTurn()
    expect(passes()).toEqual([[1]])
  })
})
