import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { graphFields } from '../graph/onnx-fields.js'
import { readGraph } from '../graph/read-graph.js'
import type { Message } from '../protobuf/message.js'
import { patch } from './index.js'
import { TestGraph } from './test-graphs.js'
import { newFloat } from './write.js'

const float = 1
const hidden = 64
const product = 'com.microsoft:MatMulNBits'

interface Matrix {
  readonly rows: number
  readonly zeroPoints?: boolean
  readonly blockSize?: number
  /** What is multiplied with it. Default: the same value as with the others. */
  readonly of?: string
}

/** Products of a value with matrices of 4 bits, each an output. */
function products(matrices: readonly Matrix[], version?: number): Uint8Array {
  const graph = new TestGraph()
  const x = graph.input('x', float, [1, 'tokens', hidden])
  const other = graph.node('Tanh', [x])
  for (const [index, { rows, zeroPoints, blockSize = 32, of = x }] of matrices.entries()) {
    const name = `product_${index}`
    const count = hidden / blockSize
    const weights = [graph.bytes(rows, count, blockSize / 2), graph.weights(rows * count)]
    if (zeroPoints) weights.push(graph.bytes(rows * Math.ceil(count / 2)))
    const attributes = { K: hidden, N: rows, bits: 4, block_size: blockSize, accuracy_level: 4 }
    graph.node(product, [of === x ? x : other, ...weights], attributes, [`raw_${index}`])
    graph.node('Mul', [`raw_${index}`, graph.scalar(1)], {}, [name])
    graph.output(name, float, [1, 'tokens', rows])
  }
  return graph.encode(version)
}

async function outputs(model: Uint8Array): Promise<Float32Array[]> {
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1 })
  const found: Float32Array[] = []
  for (const tokens of [1, 3]) {
    const x = Float32Array.from({ length: tokens * hidden }, (_, index) => Math.sin(index * index))
    const values = await session.run({ x: new Tensor('float32', x, [1, tokens, hidden]) })
    found.push(...session.outputNames.map((name) => values[name]!.data as Float32Array))
  }
  await session.release()
  return found
}

const count = (model: Uint8Array): number => readGraph(model).operators.get(product) ?? 0

it.each<[string, Matrix[], number]>([
  ['queries, keys and values', [{ rows: 64 }, { rows: 32 }, { rows: 32 }], 1],
  [
    'with zero points',
    [
      { rows: 32, zeroPoints: true },
      { rows: 64, zeroPoints: true },
    ],
    1,
  ],
  ['of two values', [{ rows: 32 }, { rows: 32, of: 'other' }, { rows: 16 }, { rows: 48, of: 'other' }], 2],
  ['with other blocks', [{ rows: 32 }, { rows: 32, blockSize: 16 }], 2],
  ['with zero points and without', [{ rows: 32 }, { rows: 32, zeroPoints: true }], 2],
  ['of rows that share no block', [{ rows: 24 }, { rows: 40 }], 2],
])('makes products one where that changes no bit: %s', async (_, matrices, left) => {
  const model = products(matrices)
  const { model: joined, joinedProducts } = patch(model, { joinProducts: true })
  expect(count(joined)).toBe(left)
  expect(joinedProducts).toBe(matrices.length - left)
  expect(await outputs(joined)).toEqual(await outputs(model))
})

describe('products that are put side by side', () => {
  const rows = [64, 32, 48]
  /** @param also What else reads them. */
  function model(order: readonly number[], axis = -1, also: (graph: TestGraph) => void = () => {}): Uint8Array {
    const graph = new TestGraph()
    const x = graph.input('x', float, [1, 'tokens', hidden])
    for (const [index, count] of rows.entries()) {
      const weights = [graph.bytes(count, 2, 16), graph.weights(count * 2)]
      const attributes = { K: hidden, N: count, bits: 4, block_size: 32, accuracy_level: 4 }
      graph.node(product, [x, ...weights], attributes, [`product_${index}`])
    }
    // Behind the products, the value itself.
    const parts = order.map((index) => (index < rows.length ? `product_${index}` : x))
    graph.node('Concat', parts, { axis }, ['whole'])
    graph.output('whole', float, [1, 'tokens', 'rows'])
    also(graph)
    return graph.encode()
  }
  const operators = (graph: Uint8Array): string[] => [...readGraph(graph).operators.keys()].toSorted()

  it.each([[[0, 1, 2]], [[2, 0, 1]]])('come from one product in their order, %j', async (order) => {
    const original = model(order)
    const { model: joined } = patch(original, { joinProducts: true })
    // Of the matrices alone.
    expect(readGraph(joined).operators.get('Concat')).toBe(2)
    expect(operators(joined)).toEqual(['Concat', product])
    expect(await outputs(joined)).toEqual(await outputs(original))
  })

  it.each<[string, Uint8Array]>([
    ['not all are', model([0, 1])],
    ['another is in the place of one', model([0, 1, 3])],
    ['one is twice', model([0, 1, 1])],
    ['one is there twice beside all', model([0, 1, 2, 2])],
    ['they are along another axis by another sign', model([0, 1, 2], 2)],
    [
      'a node reads one, too',
      model([0, 1, 2], -1, (graph) => {
        graph.node('Tanh', ['product_1'], {}, ['other'])
        graph.output('other', float, [1, 'tokens', 32])
      }),
    ],
    ['one is an output', model([0, 1, 2], -1, (graph) => graph.output('product_1', float, [1, 'tokens', 32]))],
    [
      'a subgraph reads one',
      model([0, 1, 2], -1, (graph) => {
        const branch = (): Message => {
          const inside = new TestGraph()
          inside.node('Tanh', ['product_1'], {}, ['inside'])
          inside.output('inside', float, [1, 'tokens', 32])
          return inside.message.text(2, 'branch')
        }
        graph.message.message(graphFields.initializer, newFloat('zero', 0))
        const condition = graph.node('Cast', ['zero'], { to: 9 })
        graph.node('If', [condition], { then_branch: branch(), else_branch: branch() }, ['other'])
        graph.output('other', float, [1, 'tokens', 32])
      }),
    ],
  ])('are taken apart again where %s', async (_, original) => {
    const { model: joined } = patch(original, { joinProducts: true })
    expect(operators(joined)).toContain('Split')
    expect(await outputs(joined)).toEqual(await outputs(original))
  })
})

it('has the matrices concatenated when the graph is loaded, not in each pass', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'foretoken-joined-products-'))
  const optimizedModelFilePath = join(folder, 'optimized.onnx')
  const { model } = patch(products([{ rows: 64 }, { rows: 32 }]), { joinProducts: true })
  await (await InferenceSession.create(model, { optimizedModelFilePath })).release()
  const { operators } = readGraph(await readFile(optimizedModelFilePath))
  expect(operators.get('Concat')).toBeUndefined()
  expect(operators.get(product)).toBe(1)
  await rm(folder, { recursive: true })
})

it('leaves graphs alone that split in another way, and all when it is not asked for', () => {
  const matrices = [{ rows: 32 }, { rows: 32 }]
  expect(patch(products(matrices, 12), { joinProducts: true }).joinedProducts).toBe(0)
  expect(patch(products(matrices), {}).joinedProducts).toBe(0)
})
