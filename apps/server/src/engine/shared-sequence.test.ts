import { together } from '@foretoken/core'
import { randomTable, ToyModel } from '@foretoken/core/testing'
import { expect, it } from 'vitest'
import { Pace } from './pace.js'
import { SharedSequence } from './shared-sequence.js'

const model = () => new ToyModel({ next: randomTable({ seed: 1, vocabSize: 4 }), contextLength: 1024 })
const share = async (toy: ToyModel, others = false, changed = () => {}) =>
  new SharedSequence(await together(toy).createSequence(), new Pace(() => others), changed)

it('is copied between passes, while it goes on', async () => {
  const sequence = await share(model())
  await sequence.forward([0, 1, 2])
  const [rows, copy, more] = await Promise.all([
    sequence.forward([3]),
    sequence.copy(),
    sequence.forward([1, 1]).then(() => sequence.truncate(5)),
  ])
  expect(rows.count).toBe(1)
  expect(more).toBeUndefined()
  expect(copy.tokens).toEqual([0, 1, 2, 3])
  expect(sequence.tokens).toEqual([0, 1, 2, 3, 1])
})

it('goes on after what failed', async () => {
  const sequence = await share(model())
  const wrong = sequence.forward([99])
  const right = sequence.forward([1])
  await expect(wrong).rejects.toMatchObject({ code: 'invalid-argument' })
  await right
  expect(sequence.tokens).toEqual([1])
})

it('reads a prompt in pieces beside others, and tells of each', async () => {
  const [alone, beside] = [model(), model()]
  const prompt = Array.from({ length: 600 }, (_, i) => i % 4)
  const lengths: number[] = []
  await (await share(alone)).forward(prompt, { outputs: 'none' })
  const sequence = await share(beside, true, () => lengths.push(sequence.length))
  await sequence.forward(prompt, { outputs: 'none' })
  expect(alone.passes).toBe(1)
  expect(beside.passes).toBe(lengths.length)
  expect(lengths[0]).toBe(128)
  expect(lengths.at(-1)).toBe(600)
  expect(sequence.tokens).toEqual(prompt)
})
