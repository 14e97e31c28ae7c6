import { describe, expect, it } from 'vitest'
import { subgraphsOf, readNode } from '../graph/node.js'
import { attributeFields, graphFields, modelFields } from '../graph/onnx-fields.js'
import { type Field, fieldsOf } from '../protobuf/fields.js'
import { patch, patchGraph } from './index.js'
import { decoder, noCache, open, run, TestGraph } from './test-graphs.js'

/** The levels of all products of a model, those of subgraphs last. */
function levels(model: Uint8Array): (number | undefined)[] {
  const graphs = [only(model, modelFields.graph).content]
  const found: (number | undefined)[] = []
  for (const graph of graphs) {
    for (const field of fieldsOf(graph)) {
      if (field.number !== graphFields.node) continue
      const node = readNode(field.content)
      graphs.push(...subgraphsOf(node))
      if (node.operator !== 'com.microsoft:MatMulNBits') continue
      const named = node.attributes.filter((bytes) => only(bytes, attributeFields.name).text === 'accuracy_level')
      expect(named.length).toBeLessThan(2)
      found.push(named[0] && Number(only(named[0], attributeFields.integer).integer))
    }
  }
  return found
}

function only(message: Uint8Array, number: number): Field {
  return [...fieldsOf(message)].find((field) => field.number === number)!
}

function product(graph: TestGraph, level?: number): void {
  graph.node('com.microsoft:MatMulNBits', ['x', 'w', 's'], {
    K: 32,
    ...(level === undefined ? {} : { accuracy_level: level }),
    N: 8,
  })
}

describe('accuracy level', () => {
  it('is set where there is none or another, in subgraphs too', () => {
    const inner = new TestGraph()
    product(inner)
    const graph = new TestGraph()
    for (const level of [undefined, 0, 1, 4]) product(graph, level)
    graph.node('If', ['condition'], { then_branch: inner.message, else_branch: inner.message })
    const model = graph.encode()
    expect(levels(model)).toEqual([undefined, 0, 1, 4, undefined, undefined])
    const patched = patch(model, { accuracyLevel: 4 })
    expect(patched.accuracyLevel).toBe(5)
    expect(levels(patched.model)).toEqual([4, 4, 4, 4, 4, 4])
    expect(levels(patchGraph(patched.model, { accuracyLevel: 1 }))).toEqual([1, 1, 1, 1, 1, 1])
  })

  it('adds its bytes, and leaves all others', () => {
    const graph = new TestGraph()
    product(graph)
    const model = graph.encode()
    const once = patchGraph(model, { accuracyLevel: 4 })
    expect(once.length).toBeGreaterThan(model.length)
    const again = patch(once, { accuracyLevel: 4 })
    expect(again).toMatchObject({ model: once, accuracyLevel: 0 })
  })

  it('runs: whole numbers come near to single precision, which is what there is without', async () => {
    const original = decoder('gqa', 'q4')
    const pass = { tokens: [[1, 2, 3]], masks: [[1, 1, 1]], past: noCache() }
    const logitsOf = async (model: Uint8Array): Promise<Float32Array> =>
      (await run(await open(model), pass)).logits.data as Float32Array
    const plain = await logitsOf(original)
    const single = await logitsOf(patchGraph(original, { accuracyLevel: 1 }))
    const integers = await logitsOf(patchGraph(original, { accuracyLevel: 4 }))
    const scale = Math.max(...plain.map(Math.abs))
    const off = (other: Float32Array): number =>
      Math.max(...plain.map((value, index) => Math.abs(value - other[index]!))) / scale
    expect(off(single)).toBe(0)
    expect(off(integers)).toBeGreaterThan(0)
    expect(off(integers)).toBeLessThan(0.05)
  })
})
