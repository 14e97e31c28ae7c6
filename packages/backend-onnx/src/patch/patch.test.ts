import { describe, expect, it } from 'vitest'
import { graphFields, modelFields } from '../graph/onnx-fields.js'
import { readGraph } from '../graph/read-graph.js'
import { fieldsOf } from '../protobuf/fields.js'
import { Message } from '../protobuf/message.js'
import { patch, patchGraph } from './index.js'
import { decoder } from './test-graphs.js'

/** A model with fields in it that nobody knows: between all fields of the model and of the graph, and in each node. */
function withUnknownFields(model: Uint8Array): Uint8Array {
  let count = 0
  const mark = (message: Message): Message => message.int(1000 + count, count).text(2000, `unknown ${count++}`)
  const marked = (message: Uint8Array, inside: (number: number, content: Uint8Array) => Message | undefined) => {
    const result = mark(new Message())
    for (const field of fieldsOf(message)) {
      const value = field.wire === 2 ? inside(field.number, field.content) : undefined
      if (value) mark(result.message(field.number, value))
      else mark(result.raw(field.raw))
    }
    return result
  }
  return marked(model, (number, graph) => {
    if (number !== modelFields.graph) return undefined
    return marked(graph, (number, node) => {
      return number === graphFields.node ? mark(new Message().raw(node)) : undefined
    })
  }).encode()
}

const encodedFields = (message: Uint8Array): string[] =>
  [...fieldsOf(message)].map(({ raw }) => Buffer.from(raw).toString('latin1'))

function graphOf(model: Uint8Array): Uint8Array {
  return [...fieldsOf(model)].find(({ number }) => number === modelFields.graph)!.content
}

/** Those of `fields` that are in `others`, when these have them in the same order; else fewer. */
function kept(fields: readonly string[], others: readonly string[]): string[] {
  let from = 0
  return fields.filter((field) => {
    const at = others.indexOf(field, from)
    if (at >= 0) from = at + 1
    return at >= 0
  })
}

describe.each(['gqa', 'plain'] as const)('patches of a model with unknown fields: %s', (attention) => {
  const model = withUnknownFields(decoder(attention, 'q4'))

  it('keep all that they are asked nothing about', () => {
    expect(Buffer.compare(patchGraph(model, {}), model)).toBe(0)
  })

  it('change the graph alone', () => {
    const patched = patchGraph(model, { accuracyLevel: 4, logitsToKeep: true, newRowsOnly: true })
    const [before, after] = [encodedFields(model), encodedFields(patched)]
    expect(after.length).toBe(before.length)
    expect(after.filter((field, index) => field !== before[index])).toHaveLength(1)
  })

  it.each([
    // The product itself.
    [{ accuracyLevel: 4 }, 1],
    // The product, and the output.
    [{ logitsToKeep: true }, 2],
    // The two outputs, what computes them, and in plain graphs what reads them.
    [{ newRowsOnly: true }, attention === 'gqa' ? 3 : 6],
  ] as const)('change only what they have to: %o', (patches, changes) => {
    const patched = patchGraph(model, patches)
    const [before, after] = [model, patched].map((model) => encodedFields(graphOf(model)))
    expect(before!.length - kept(before!, after!).length).toBe(changes)
    expect(readGraph(patched).inputs.length).toBeGreaterThanOrEqual(4)
  })

  it('keep what is unknown in the nodes that they change', () => {
    const patched = patchGraph(model, { accuracyLevel: 4, logitsToKeep: true, newRowsOnly: true })
    const unknown = (model: Uint8Array): string[] =>
      Buffer.from(model)
        .toString('latin1')
        .match(/unknown \d+/g)!
    expect(unknown(patched)).toEqual(unknown(model))
  })
})

it('graphs with older operators than the patches are made of keep them', () => {
  const patches = { logitsToKeep: true, newRowsOnly: true }
  const done = (attention: 'gqa' | 'plain', version: number) => {
    const model = decoder(attention, 'plain', version)
    const { logitsToKeep, newRowsOnly, model: patched } = patch(model, patches)
    if (!logitsToKeep && !newRowsOnly) expect(patched).toEqual(model)
    return [logitsToKeep, newRowsOnly]
  }
  expect([9, 10, 11, 12].map((version) => done('gqa', version))).toEqual([
    [false, false],
    [true, false],
    [true, false],
    [true, true],
  ])
  expect([9, 10].map((version) => done('plain', version))).toEqual([
    [false, true],
    [true, true],
  ])
})
