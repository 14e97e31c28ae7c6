import { Tensor } from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { readGraph } from '../graph/read-graph.js'
import { patch } from './index.js'
import { type Cache, decoder, noCache, open, run, sizes, TestGraph } from './test-graphs.js'

const { kvHeads, headSize } = sizes
const ones = (count: number): number[] => Array.from({ length: count }, () => 1)

/** Rows `[from, to)` of each head of one text. */
function rows(cache: Tensor, from: number, to: number, text = 0): number[] {
  const [, , length] = cache.dims as [number, number, number]
  const data = cache.data as Float32Array
  return Array.from({ length: kvHeads }, (_, head) => {
    const start = (text * kvHeads + head) * length
    return [...data.subarray((start + from) * headSize, (start + to) * headSize)]
  }).flat()
}

/** With room for `capacity` rows, junk in those that are not valid. */
function widened(cache: Cache, capacity: number): Cache {
  const widen = (tensor: Tensor): Tensor => {
    const [batch, heads, length] = tensor.dims as [number, number, number]
    const data = new Float32Array(batch * heads * capacity * headSize).fill(777)
    for (let line = 0; line < batch * heads; line++) {
      const from = line * length * headSize
      data.set((tensor.data as Float32Array).subarray(from, from + length * headSize), line * capacity * headSize)
    }
    return new Tensor('float32', data, [batch, heads, capacity, headSize])
  }
  return { key: widen(cache.key), value: widen(cache.value) }
}

describe.each(['gqa', 'plain'] as const)('new rows only: %s', (attention) => {
  const original = decoder(attention)

  it('gives the rows of this pass, with the bits that they have in the whole cache', async () => {
    const patched = patch(original, { newRowsOnly: true })
    expect(patched.newRowsOnly).toBe(true)
    const [before, after] = [await open(original), await open(patched.model)]
    let past = noCache()
    for (const tokens of [[1, 2, 3, 4, 5], [6], [7, 8, 9]]) {
      const valid = past.key.dims[2]!
      const masks = [ones(valid + tokens.length)]
      const expected = await run(before, { tokens: [tokens], masks, past })
      const actual = await run(after, { tokens: [tokens], masks, past })
      expect(actual.logits.data).toEqual(expected.logits.data)
      for (const what of ['key', 'value'] as const) {
        expect(actual[what].dims).toEqual([1, kvHeads, tokens.length, headSize])
        expect([...(actual[what].data as Float32Array)]).toEqual(rows(expected[what], valid, valid + tokens.length))
      }
      past = expected
    }
  })

  it('names the new size, and leaves the rest of the signature', () => {
    const [before, after] = [original, patch(original, { newRowsOnly: true }).model].map(readGraph)
    expect(after!.inputs).toEqual(before!.inputs)
    expect(after!.outputs.map(({ name }) => name)).toEqual(before!.outputs.map(({ name }) => name))
    expect(after!.outputs[0]!.dimensions).toEqual(['batch', kvHeads, 'new_rows', headSize])
  })

  it('does nothing to a graph that gives only new rows', () => {
    const once = patch(original, { newRowsOnly: true }).model
    const twice = patch(once, { newRowsOnly: true })
    expect(twice.newRowsOnly).toBe(false)
    expect(twice.model).toEqual(once)
  })
})

describe('new rows of GroupQueryAttention', () => {
  const original = decoder('gqa')
  const patched = patch(original, { newRowsOnly: true }).model

  it.each([5, 6, 7, 8, 20])('are found where the past has room for %i rows, of which 5 are valid', async (capacity) => {
    const [before, after] = [await open(original), await open(patched)]
    const first = await run(before, { tokens: [[1, 2, 3, 4, 5]], masks: [ones(5)], past: noCache() })
    const next = { tokens: [[6, 7]], masks: [ones(7)] }
    const expected = await run(before, { ...next, past: first })
    const actual = await run(after, { ...next, past: widened(first, capacity) })
    expect(actual.logits.data).toEqual(expected.logits.data)
    for (const what of ['key', 'value'] as const) {
      expect([...(actual[what].data as Float32Array)]).toEqual(rows(expected[what], 5, 7))
    }
  })

  it('are found for each text of a batch, when they differ in length', async () => {
    const [before, after] = [await open(original), await open(patched)]
    const short = await run(before, { tokens: [[1, 2, 3]], masks: [ones(3)], past: noCache() })
    const long = await run(before, { tokens: [[4, 5, 6, 7, 8]], masks: [ones(5)], past: noCache() })
    const both = (what: 'key' | 'value'): Tensor => {
      const parts = [short, long].map((cache) => widened(cache, 8)[what].data as Float32Array)
      const data = new Float32Array([...parts[0]!, ...parts[1]!])
      return new Tensor('float32', data, [2, kvHeads, 8, headSize])
    }
    const actual = await run(after, {
      tokens: [[9], [10]],
      masks: [[...ones(4), 0, 0], ones(6)],
      past: { key: both('key'), value: both('value') },
    })
    const alone = [
      await run(before, { tokens: [[9]], masks: [ones(4)], past: short }),
      await run(before, { tokens: [[10]], masks: [ones(6)], past: long }),
    ]
    for (const [text, expected] of alone.entries()) {
      const valid = [3, 5][text]!
      for (const what of ['key', 'value'] as const) {
        expect(rows(actual[what], 0, 1, text)).toEqual(rows(expected[what], valid, valid + 1))
      }
    }
  })

  it('are all rows of a first pass over a batch with padding behind', async () => {
    const [before, after] = [await open(original), await open(patched)]
    const pass = {
      tokens: [
        [1, 2, 0],
        [4, 5, 6],
      ],
      masks: [[1, 1, 0], ones(3)],
      past: noCache(2),
    }
    const [expected, actual] = [await run(before, pass), await run(after, pass)]
    expect(actual.key.data).toEqual(expected.key.data)
    expect(actual.value.data).toEqual(expected.value.data)
  })
})

describe('a graph whose cache is made in another way', () => {
  it.each([
    ['of three parts', ['past_key_values.0.key', 'x', 'x'], 2],
    ['along another axis', ['past_key_values.0.key', 'x'], 1],
    ['with the new rows in front', ['x', 'past_key_values.0.key'], 2],
  ])('is left alone: %s', (_, inputs, axis) => {
    const graph = new TestGraph()
    graph.input('input_ids', 7, ['batch', 'tokens'])
    graph.input('past_key_values.0.key', 1, ['batch', 2, 'past', 16])
    graph.input('x', 1, ['batch', 2, 'tokens', 16])
    graph.node('Concat', inputs, { axis }, ['present.0.key'])
    graph.output('present.0.key', 1, ['batch', 2, 'total', 16])
    const model = graph.encode()
    expect(patch(model, { newRowsOnly: true })).toMatchObject({ model, newRowsOnly: false })
  })

  it('is left alone when a subgraph reads the cache', () => {
    const inner = new TestGraph()
    inner.node('Identity', ['present.0.key'])
    const graph = new TestGraph()
    graph.input('past_key_values.0.key', 1, ['batch', 2, 'past', 16])
    graph.input('x', 1, ['batch', 2, 'tokens', 16])
    graph.node('Concat', ['past_key_values.0.key', 'x'], { axis: 2 }, ['present.0.key'])
    graph.node('If', ['condition'], { then_branch: inner.message, else_branch: inner.message })
    graph.output('present.0.key', 1, ['batch', 2, 'total', 16])
    const model = graph.encode()
    expect(patch(model, { newRowsOnly: true })).toMatchObject({ model, newRowsOnly: false })
  })
})
