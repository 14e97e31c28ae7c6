import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { target } from '@foretoken/demo-models'
import { testFolder } from './folder/test-folder.js'
import { TestGraph } from './patch/test-graphs.js'

/* Tests only: a decoder whose attention is made of ONNX's own operators, as exports of PyTorch have it. */

const [layers, heads, headSize, hidden, contextLength] = [2, 2, 32, 64, 2048]
const element = { float: 1, int64: 7, float16: 10 } as const

export interface PlainDecoder {
  readonly cache: 'float' | 'float16'
  /** Whether it is told the positions of tokens. Else it counts the rows of its cache, those that are stale too. */
  readonly positions: boolean
  /** Logits of a row. Default: as many as the vocabulary has. */
  readonly width?: number
  /** Default true: the graph tells the width of its logits. */
  readonly tellsWidth?: boolean
}

const tokenizer = JSON.parse(readFileSync(join(dirname(target), 'tokenizer.json'), 'utf8')) as {
  readonly model: { readonly vocab: object }
  readonly added_tokens: readonly unknown[]
}
export const vocabSize = 1 + Math.max(...Object.values(tokenizer.model.vocab).map(Number))

/** Writes it with weights from a seed and the tokenizer of the demo models. @returns The folder. */
export function plainFolder(of: PlainDecoder): string {
  return testFolder({
    'config.json': {
      model_type: 'llama',
      hidden_size: hidden,
      num_hidden_layers: layers,
      num_attention_heads: heads,
      max_position_embeddings: contextLength,
      vocab_size: vocabSize,
    },
    'tokenizer.json': tokenizer,
    'onnx/model.onnx': plainDecoder(of),
  })
}

function plainDecoder({ cache, positions, width = vocabSize, tellsWidth = true }: PlainDecoder): Uint8Array {
  const graph = new TestGraph()
  const node = (operator: string, ...inputs: string[]): string => graph.node(operator, inputs)
  const cast = (x: string, to: number): string => graph.node('Cast', [x], { to })
  const reshape = (x: string, ...shape: number[]): string => node('Reshape', x, graph.integers([shape.length], shape))
  const number = (value: number): string => graph.integers([], [value])
  const sizeOf = (x: string, axis: number): string => node('Gather', node('Shape', x), number(axis))
  const ids = graph.input('input_ids', element.int64, ['batch', 'tokens'])
  const mask = graph.input('attention_mask', element.int64, ['batch', 'total'])
  const places = (): string => node('Range', node('Sub', total, tokens), total, number(1))
  const [tokens, total] = [sizeOf(ids, 1), sizeOf(mask, 1)]
  const at = positions ? graph.input('position_ids', element.int64, ['batch', 'tokens']) : places()

  const angles = node('Mul', reshape(cast(at, element.float), 1, 1, -1, 1), graph.weights(headSize / 2))
  const [cosines, sines] = [node('Cos', angles), node('Sin', angles)]
  const rotated = (x: string): string => {
    const part = (from: number, to: number): string =>
      node('Slice', x, graph.integers([1], [from]), graph.integers([1], [to]), graph.integers([1], [3]))
    const [a, b] = [part(0, headSize / 2), part(headSize / 2, headSize)]
    const first = node('Sub', node('Mul', a, cosines), node('Mul', b, sines))
    const second = node('Add', node('Mul', b, cosines), node('Mul', a, sines))
    return graph.node('Concat', [first, second], { axis: 3 })
  }

  // Out of sight: what comes later, and what the mask leaves out.
  const columns = node('Range', number(0), total, number(1))
  const later = cast(node('Greater', columns, reshape(places(), -1, 1)), element.float)
  const left = node('Sub', graph.scalar(1), cast(mask, element.float))
  const bias = node('Mul', node('Add', later, left), graph.scalar(-1e9))

  const normalized = (x: string): string => {
    const mean = graph.node('ReduceMean', [node('Mul', x, x)], { axes: [-1] })
    return node('Div', x, node('Sqrt', node('Add', mean, graph.scalar(1e-5))))
  }
  const attend = (x: string, layer: number): string => {
    const split = (): string => {
      const product = node('MatMul', x, graph.weights(hidden, heads * headSize))
      return graph.node('Transpose', [reshape(product, 0, 0, heads, headSize)], { perm: [0, 2, 1, 3] })
    }
    const whole = (what: string, fresh: string): string => {
      const [past, present] = [`past_key_values.${layer}.${what}`, `present.${layer}.${what}`]
      graph.input(past, element[cache], ['batch', heads, 'past', headSize])
      graph.output(present, element[cache], ['batch', heads, 'total', headSize])
      graph.node('Concat', [past, cast(fresh, element[cache])], { axis: 2 }, [present])
      return cast(present, element.float)
    }
    const query = rotated(split())
    const keys = graph.node('Transpose', [whole('key', rotated(split()))], { perm: [0, 1, 3, 2] })
    const scores = node('Div', node('MatMul', query, keys), graph.scalar(Math.sqrt(headSize)))
    const shares = graph.node('Softmax', [node('Add', scores, bias)], { axis: -1 })
    const mixed = graph.node('Transpose', [node('MatMul', shares, whole('value', split()))], { perm: [0, 2, 1, 3] })
    return node('MatMul', reshape(mixed, 0, 0, hidden), graph.weights(hidden, hidden))
  }

  let x = node('Gather', graph.weights(vocabSize, hidden), ids)
  for (let layer = 0; layer < layers; layer++) {
    x = node('Add', x, attend(normalized(x), layer))
    const inner = node('Tanh', node('MatMul', normalized(x), graph.weights(hidden, hidden)))
    x = node('Add', x, node('MatMul', inner, graph.weights(hidden, hidden)))
  }
  graph.node('MatMul', [normalized(x), graph.weights(hidden, width)], {}, ['logits'])
  graph.output('logits', element.float, ['batch', 'tokens', tellsWidth ? width : 'vocabulary'])
  return graph.encode()
}
