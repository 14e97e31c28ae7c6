import { Tensor } from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { readGraph } from '../graph/read-graph.js'
import { patch } from './index.js'
import { type Cache, decoder, type Fused, noCache, open, run, sizes, TestGraph } from './test-graphs.js'

const { kvHeads, headSize } = sizes
const ones = (count: number): number[] => Array.from({ length: count }, () => 1)
const fused = 'com.microsoft:GroupQueryAttention'

function inParts(model: Uint8Array): Uint8Array {
  const patched = patch(model, { attendInParts: true })
  expect(patched).toMatchObject({ attendInParts: true, newRowsOnly: true })
  expect(readGraph(patched.model).operators.has(fused)).toBe(false)
  return patched.model
}

/** Texts side by side, each with room for `rows` rows and junk in those that it does not hold. */
function together(caches: readonly Cache[], rows: number): Cache {
  const join = (what: 'key' | 'value'): Tensor => {
    const data = new Float32Array(caches.length * kvHeads * rows * headSize).fill(7)
    caches.forEach((cache, text) => {
      const held = cache[what].dims[2]!
      const source = cache[what].data as Float32Array
      for (let head = 0; head < kvHeads; head++) {
        const from = head * held * headSize
        data.set(source.subarray(from, from + held * headSize), (text * kvHeads + head) * rows * headSize)
      }
    })
    return new Tensor('float32', data, [caches.length, kvHeads, rows, headSize])
  }
  return { key: join('key'), value: join('value') }
}

/** The last rows of each head of one text. */
function lastRows(tensor: Tensor, text: number, count: number, behind = 0): number[] {
  const [, , length] = tensor.dims as [number, number, number]
  const data = tensor.data as Float32Array
  return Array.from({ length: kvHeads }, (_, head) => {
    const end = ((text * kvHeads + head + 1) * length - behind) * headSize
    return [...data.subarray(end - count * headSize, end)]
  }).flat()
}

function logitsOf(logits: Tensor, text: number): number[] {
  const size = logits.size / logits.dims[0]!
  return [...(logits.data as Float32Array)].slice(text * size, (text + 1) * size)
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length)
  actual.forEach((value, index) => expect(Math.abs(value - expected[index]!)).toBeLessThan(2e-6))
}

const forms: [string, Fused][] = [
  ['queries, keys and values apart', {}],
  ['all three in one', { packed: true }],
  ['neighbours turned together', { attributes: { rotary_interleaved: 1 } }],
  ['nothing turned', { attributes: { do_rotary: 0 } }],
  ['another scale', { attributes: { scale: { float: 0.7 } } }],
  ['what is not asked for said', { attributes: { softcap: { float: 0 }, local_window_size: -1, smooth_softmax: 0 } }],
]

describe.each(forms)('attention in parts: %s', (_, form) => {
  const original = decoder('gqa', 'plain', 17, form)
  const patched = inParts(original)

  it('says what the operator says, and gives the new rows', async () => {
    const [before, after] = [await open(original), await open(patched)]
    let past = noCache()
    for (const tokens of [[1, 2, 3, 4, 5], [6], [7, 8, 9], [10]]) {
      const held = past.key.dims[2]!
      const masks = [ones(held + tokens.length)]
      const expected = await run(before, { tokens: [tokens], masks, past })
      for (const room of [held, held + 1, held + 40]) {
        const actual = await run(after, { tokens: [tokens], masks, past: together([past], room) })
        expectClose(logitsOf(actual.logits, 0), logitsOf(expected.logits, 0))
        for (const what of ['key', 'value'] as const) {
          expect(actual[what].dims).toEqual([1, kvHeads, tokens.length, headSize])
          expectClose(lastRows(actual[what], 0, tokens.length), lastRows(expected[what], 0, tokens.length))
        }
      }
      past = expected
    }
  })

  it.each([1, 3])('runs texts of different lengths side by side, %i tokens each', async (count) => {
    const [before, after] = [await open(original), await open(patched)]
    const held = [[1, 2, 3], [], [4, 5, 6, 7, 8]]
    const next = [9, 20, 30].map((first) => Array.from({ length: count }, (_, index) => first + index))
    const caches: Cache[] = []
    for (const tokens of held) {
      if (tokens.length === 0) caches.push(noCache())
      else caches.push(await run(before, { tokens: [tokens], masks: [ones(tokens.length)], past: noCache() }))
    }
    const longest = 5 + count
    const masks = held.map(({ length }) => [...ones(length + count), ...Array(longest - length - count).fill(0)])
    const actual = await run(after, { tokens: next, masks, past: together(caches, 8) })
    for (const [text, tokens] of next.entries()) {
      const mask = ones(held[text]!.length + count)
      const alone = await run(before, { tokens: [tokens], masks: [mask], past: caches[text]! })
      expectClose(logitsOf(actual.logits, text), logitsOf(alone.logits, 0))
      for (const what of ['key', 'value'] as const) {
        expectClose(lastRows(actual[what], text, count), lastRows(alone[what], 0, count))
      }
    }
  })

  it('runs a first pass over texts with padding behind', async () => {
    const [before, after] = [await open(original), await open(patched)]
    const tokens = [
      [1, 2, 0],
      [4, 5, 6],
    ]
    const actual = await run(after, { tokens, masks: [[1, 1, 0], ones(3)], past: noCache(2) })
    const alone = await run(before, { tokens: [[1, 2]], masks: [ones(2)], past: noCache() })
    expectClose(logitsOf(actual.logits, 0).slice(0, 2 * sizes.vocabulary), logitsOf(alone.logits, 0))
    expectClose(lastRows(actual.key, 0, 2, 1), lastRows(alone.key, 0, 2))
  })
})

describe('a graph with attention in parts', () => {
  it('has the signature that it had, but for the new rows', () => {
    const original = decoder('gqa')
    const [before, after] = [original, inParts(original)].map(readGraph)
    expect(after!.inputs).toEqual(before!.inputs)
    expect(after!.outputs.map(({ name }) => name)).toEqual(before!.outputs.map(({ name }) => name))
    expect(after!.outputs[0]!.dimensions).toEqual(['batch', kvHeads, 'new_rows', headSize])
  })

  it.each<[string, Uint8Array]>([
    ['has a soft cap', decoder('gqa', 'plain', 17, { attributes: { softcap: { float: 30 } } })],
    ['looks back a part of the way', decoder('gqa', 'plain', 17, { attributes: { local_window_size: 64 } })],
    ['has a sink', decoder('gqa', 'plain', 17, { attributes: { smooth_softmax: 1 } })],
    ['is asked for what did not exist', decoder('gqa', 'plain', 17, { attributes: { something_new: 2 } })],
    ['turns a part of each head', decoder('gqa', 'plain', 17, { angles: headSize / 4 })],
    ['takes more inputs', decoder('gqa', 'plain', 17, { inputs: ['', 'bias'] })],
    ['is of an old version', decoder('gqa', 'plain', 12)],
    ['is of another kind', decoder('plain')],
  ])('is left alone where its attention %s', (_, model) => {
    const patched = patch(model, { attendInParts: true })
    expect(Buffer.compare(patched.model, model)).toBe(0)
    expect(patched).toMatchObject({ attendInParts: false, newRowsOnly: false })
  })

  it.each<[string, boolean, LayerForm]>([
    ['is done in single precision', true, {}],
    ['is left alone in half precision', false, { type: 10 }],
    ['is left alone where a node reads its keys', false, { reads: 'present.0.key' }],
    ['is left alone where a node reads its values', false, { reads: 'present.0.value' }],
    ['is left alone where its values are no output', false, { outputs: ['present.0.key'] }],
  ])('%s', (_, done, form) => {
    expect(patch(layer(form), { attendInParts: true }).attendInParts).toBe(done)
  })
})

interface LayerForm {
  /** Of numbers. Default: single precision. */
  readonly type?: number
  /** What a node beside the attention reads. */
  readonly reads?: string
  readonly outputs?: readonly string[]
}

/** Attention alone, between inputs and outputs. */
function layer({ type = 1, reads, outputs = ['present.0.key', 'present.0.value'] }: LayerForm): Uint8Array {
  const graph = new TestGraph()
  const past = ['key', 'value'].map((what) =>
    graph.input(`past_key_values.0.${what}`, type, ['batch', kvHeads, 'past', headSize]),
  )
  const others = ['q', 'k', 'v'].map((name) => graph.input(name, type, ['batch', 'tokens', 64]))
  graph.input('input_ids', 7, ['batch', 'tokens'])
  const lengths = ['lasts', 'total'].map((name) => graph.input(name, 6, name === 'total' ? [] : ['batch']))
  const attributes = { num_heads: 4, kv_num_heads: kvHeads }
  const results = ['attended', 'present.0.key', 'present.0.value']
  graph.node(fused, [...others, ...past, ...lengths], attributes, results)
  if (reads !== undefined) graph.node('Identity', [reads])
  for (const name of outputs) graph.output(name, type, ['batch', kvHeads, 'total', headSize])
  return graph.encode()
}
