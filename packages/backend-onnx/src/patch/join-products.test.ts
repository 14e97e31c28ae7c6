import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { expect, it } from 'vitest'
import { readGraph } from '../graph/read-graph.js'
import { patch } from './index.js'
import { TestGraph } from './test-graphs.js'

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
