import type { Tensor } from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { readGraph } from '../graph/read-graph.js'
import { patch } from './index.js'
import { decoder, noCache, open, run, sizes, TestGraph } from './test-graphs.js'

const pass = { tokens: [[1, 2, 3, 4, 5]], masks: [[1, 1, 1, 1, 1]], past: noCache() }

function lastRows(logits: Tensor, count: number): number[] {
  return [...(logits.data as Float32Array)].slice(-count * sizes.vocabulary)
}

function largestDifference(a: Tensor, expected: readonly number[]): number {
  return Math.max(...[...(a.data as Float32Array)].map((value, index) => Math.abs(value - expected[index]!)))
}

describe.each(['plain', 'soft cap', 'q4', 'dynamic'] as const)('logits to keep, output matrix: %s', (head) => {
  const original = decoder('gqa', head)
  const patched = patch(original, { logitsToKeep: true })

  it('adds the input, and names the new size', () => {
    expect(patched.logitsToKeep).toBe(true)
    const [before, after] = [readGraph(original), readGraph(patched.model)]
    expect(after.inputs).toEqual([...before.inputs, { name: 'num_logits_to_keep', type: 'int64', dimensions: [] }])
    expect(after.outputs.find(({ name }) => name === 'logits')!.dimensions).toEqual([
      'batch',
      'kept_rows',
      sizes.vocabulary,
    ])
  })

  it.each([
    [0, 5],
    [1, 1],
    [3, 3],
    [5, 5],
    [9, 5],
  ])('keeps the last rows: %i of them gives %i', async (keep, count) => {
    const [before, after] = [await open(original), await open(patched.model)]
    const expected = await run(before, pass)
    const actual = await run(after, { ...pass, keep })
    expect(actual.logits.dims).toEqual([1, count, sizes.vocabulary])
    // Products of other widths round in other ways.
    expect(largestDifference(actual.logits, lastRows(expected.logits, count))).toBeLessThan(1e-5)
    expect(actual.key.data).toEqual(expected.key.data)
  })
})

describe('logits to keep', () => {
  it('leaves a graph alone that makes its logits in another way', () => {
    const model = decoder('gqa', 'sum of rows')
    expect(patch(model, { logitsToKeep: true })).toMatchObject({ model, logitsToKeep: false })
  })

  it('leaves a graph alone in which something else reads all rows', () => {
    const graph = new TestGraph()
    graph.input('x', 1, ['batch', 'tokens', 8])
    const product = graph.node('MatMul', ['x', graph.weights(8, 4)])
    graph.node('Tanh', [product], {}, ['logits'])
    graph.node('ReduceMax', [product], {}, ['largest'])
    for (const name of ['logits', 'largest']) graph.output(name, 1, ['batch', 'tokens', 4])
    const model = graph.encode()
    expect(patch(model, { logitsToKeep: true })).toMatchObject({ model, logitsToKeep: false })
  })

  it('leaves a graph alone that has the input', () => {
    const once = patch(decoder('plain'), { logitsToKeep: true }).model
    expect(patch(once, { logitsToKeep: true })).toMatchObject({ model: once, logitsToKeep: true })
  })

  it.each(['plain', 'gqa'] as const)('goes together with the other patches: %s', async (attention) => {
    const original = decoder(attention, 'q4')
    const { model, ...done } = patch(original, {
      logitsToKeep: true,
      attendInParts: true,
      newRowsOnly: true,
      accuracyLevel: 1,
      joinProducts: true,
    })
    const attendInParts = attention === 'gqa'
    expect(done).toEqual({ logitsToKeep: true, attendInParts, newRowsOnly: true, accuracyLevel: 1, joinedProducts: 0 })
    const expected = await run(await open(original), pass)
    const actual = await run(await open(model), { ...pass, keep: 2 })
    expect(largestDifference(actual.logits, lastRows(expected.logits, 2))).toBeLessThan(1e-5)
  })
})
