import { describe, expect, it } from 'vitest'
import { decoder, TestGraph } from '../patch/test-graphs.js'
import { Message } from '../protobuf/message.js'
import { entryFields, graphFields, modelFields, sparseFields, tensorFields } from './onnx-fields.js'
import { readGraph } from './read-graph.js'

function storedTensor(name: string, file: string): Message {
  const tensor = new Message().text(tensorFields.name, name)
  for (const [key, value] of Object.entries({ location: file, offset: '0' })) {
    tensor.message(tensorFields.externalData, new Message().text(entryFields.key, key).text(entryFields.value, value))
  }
  return tensor
}

describe('readGraph', () => {
  it('tells what a decoder takes and gives', () => {
    const graph = readGraph(decoder('gqa', 'q4'))
    expect(graph.inputs).toEqual([
      { name: 'input_ids', type: 'int64', dimensions: ['batch', 'tokens'] },
      { name: 'attention_mask', type: 'int64', dimensions: ['batch', 'total'] },
      { name: 'past_key_values.0.key', type: 'float', dimensions: ['batch', 2, 'past', 16] },
      { name: 'past_key_values.0.value', type: 'float', dimensions: ['batch', 2, 'past', 16] },
    ])
    expect(graph.outputs.map(({ name }) => name)).toEqual(['present.0.key', 'present.0.value', 'logits'])
    expect(graph.operators.get('MatMul')).toBe(4)
    expect(graph.operators.get('com.microsoft:MatMulNBits')).toBe(1)
    expect(graph.opsets).toEqual(
      new Map([
        ['', 17],
        ['com.microsoft', 1],
      ]),
    )
    expect(graph.externalFiles).toEqual([])
  })

  it('does not take weights for inputs, as old files list them', () => {
    const graph = new TestGraph()
    graph.input('x', 10, [])
    const weights = graph.weights(2, 2)
    graph.input(weights, 1, [2, 2])
    graph.message.message(
      graphFields.sparseInitializer,
      new Message().message(sparseFields.values, storedTensor('sparse', 'a')),
    )
    graph.input('sparse', 1, [2, 2])
    expect(readGraph(graph.encode()).inputs).toEqual([{ name: 'x', type: 'float16', dimensions: [] }])
  })

  it('knows sizes of 0, sizes without a name, and types that it has no name for', () => {
    const graph = new TestGraph()
    graph.input('x', 16, [0, '', 3])
    expect(readGraph(graph.encode()).inputs).toEqual([{ name: 'x', type: 'other', dimensions: [0, undefined, 3] }])
  })

  it('finds operators and files in subgraphs', () => {
    const inner = new TestGraph()
    inner.node('Relu', ['x'])
    inner.message.message(graphFields.initializer, storedTensor('w', 'weights_1'))
    const graph = new TestGraph()
    graph.node('If', ['condition'], { then_branch: inner.message })
    for (const file of ['weights', 'weights']) graph.message.message(graphFields.initializer, storedTensor('v', file))
    const { operators, externalFiles } = readGraph(graph.encode())
    expect(Object.fromEntries(operators)).toEqual({ If: 1, Relu: 1 })
    expect(externalFiles).toEqual(['weights_1', 'weights'])
  })

  it('takes ai.onnx for the domain that it is', () => {
    const graph = new TestGraph()
    graph.node('ai.onnx:Relu', ['x'])
    expect([...readGraph(graph.encode()).operators.keys()]).toEqual(['Relu'])
  })

  it.each([
    ['an empty file', new Uint8Array()],
    ['a text', new TextEncoder().encode('version https://git-lfs.github.com/spec/v1')],
    ['a message without a graph', new Message().int(1, 8).encode()],
    ['half a model', decoder('plain').subarray(0, 2000)],
    ['a graph that is a number', new Message().int(modelFields.graph, 3).encode()],
  ])('refuses %s', (_, file) => {
    expect(() => readGraph(file)).toThrow(expect.objectContaining({ code: 'model-file' }))
  })
})
