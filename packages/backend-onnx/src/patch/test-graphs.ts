import { InferenceSession, Tensor } from 'onnxruntime-node'
import {
  attributeFields,
  dimensionFields,
  graphFields,
  modelFields,
  nodeFields,
  opsetFields,
  shapeFields,
  tensorFields,
  tensorTypeFields,
  typeFields,
  valueFields,
} from '../graph/onnx-fields.js'
import { Message } from '../protobuf/message.js'
import { newIntegers } from './write.js'

/* Tests only: the smallest decoders, in the forms that exports have. One layer; weights from a seed. */

export const sizes = { vocabulary: 48, heads: 4, kvHeads: 2, headSize: 16, hidden: 64 } as const
const { vocabulary, heads, kvHeads, headSize, hidden } = sizes

const float = 1
const int32 = 6
const int64 = 7
const uint8 = 2

type Attributes = Readonly<Record<string, number | readonly number[] | { readonly float: number } | Message>>

/** A model under construction. */
export class TestGraph {
  readonly message = new Message()
  private count = 0
  private state = 1

  node(operator: string, inputs: readonly string[], attributes: Attributes = {}, outputs?: readonly string[]): string {
    const names = outputs ?? [`value_${this.count++}`]
    const [domain, type] = operator.includes(':') ? operator.split(':') : ['', operator]
    const node = new Message()
    for (const input of inputs) node.text(nodeFields.input, input)
    for (const output of names) node.text(nodeFields.output, output)
    node.text(nodeFields.operator, type!)
    for (const [name, value] of Object.entries(attributes)) {
      const attribute = new Message().text(attributeFields.name, name)
      if (typeof value === 'number') attribute.int(attributeFields.integer, value).int(attributeFields.type, 2)
      else if (value instanceof Message) attribute.message(attributeFields.graph, value).int(attributeFields.type, 5)
      else if ('float' in value) attribute.float(attributeFields.float, value.float).int(attributeFields.type, 1)
      else {
        for (const integer of value) attribute.int(attributeFields.integers, integer)
        attribute.int(attributeFields.type, 7)
      }
      node.message(nodeFields.attribute, attribute)
    }
    node.text(nodeFields.domain, domain!)
    this.message.message(graphFields.node, node)
    return names[0]!
  }

  integers(dimensions: readonly number[], values: readonly number[]): string {
    const name = `integers_${this.count++}`
    this.message.message(graphFields.initializer, newIntegers(name, dimensions, values.map(BigInt)))
    return name
  }

  /** Random weights, about as large as those of a decoder. */
  weights(...dimensions: readonly number[]): string {
    const length = dimensions.reduce((product, size) => product * size, 1)
    return this.tensor(
      float,
      dimensions,
      Float32Array.from({ length }, () => (this.random() - 0.5) / 2),
    )
  }

  bytes(...dimensions: readonly number[]): string {
    const length = dimensions.reduce((product, size) => product * size, 1)
    return this.tensor(
      uint8,
      dimensions,
      Uint8Array.from({ length }, () => this.random() * 256),
    )
  }

  scalar(value: number): string {
    return this.tensor(float, [], Float32Array.of(value))
  }

  input(name: string, type: number, dimensions: readonly (number | string)[]): string {
    this.message.message(graphFields.input, valueInfo(name, type, dimensions))
    return name
  }

  output(name: string, type: number, dimensions: readonly (number | string)[]): void {
    this.message.message(graphFields.output, valueInfo(name, type, dimensions))
  }

  encode(version = 17): Uint8Array {
    const opset = (domain: string, version: number): Message =>
      new Message().text(opsetFields.domain, domain).int(opsetFields.version, version)
    return new Message()
      .int(1, 8)
      .message(modelFields.graph, new Message().text(2, 'test').raw(this.message.encode()))
      .message(modelFields.opsets, opset('', version))
      .message(modelFields.opsets, opset('com.microsoft', 1))
      .encode()
  }

  private tensor(type: number, dimensions: readonly number[], data: Float32Array | Uint8Array): string {
    const name = `tensor_${this.count++}`
    const tensor = new Message()
    for (const size of dimensions) tensor.int(tensorFields.dimensions, size)
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    tensor.int(tensorFields.type, type).text(tensorFields.name, name).bytes(tensorFields.data, bytes)
    this.message.message(graphFields.initializer, tensor)
    return name
  }

  private random(): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0
    return this.state / 2 ** 32
  }
}

function valueInfo(name: string, type: number, dimensions: readonly (number | string)[]): Message {
  const shape = new Message()
  for (const size of dimensions) {
    const dimension = new Message()
    if (typeof size === 'number') dimension.int(dimensionFields.value, size)
    else dimension.text(dimensionFields.name, size)
    shape.message(shapeFields.dimension, dimension)
  }
  const tensor = new Message().int(tensorTypeFields.element, type).message(tensorTypeFields.shape, shape)
  return new Message()
    .text(valueFields.name, name)
    .message(valueFields.type, new Message().message(typeFields.tensor, tensor))
}

/** How the output matrix is multiplied with. */
export type Head = 'plain' | 'soft cap' | 'q4' | 'dynamic' | 'sum of rows'

/** What a test wants of GroupQueryAttention. */
export interface Fused {
  readonly attributes?: Attributes
  /** Queries, keys and values are one input. */
  readonly packed?: boolean
  /** How many angles each position has. Default: half of a head's size. */
  readonly angles?: number
  /** Names of further inputs. */
  readonly inputs?: readonly string[]
}

/** @param attention GroupQueryAttention, or attention of single operators, as plain exports have it. */
export function decoder(attention: 'gqa' | 'plain', head: Head = 'plain', version = 17, form: Fused = {}): Uint8Array {
  const graph = new TestGraph()
  const ids = graph.input('input_ids', int64, ['batch', 'tokens'])
  const mask = graph.input('attention_mask', int64, ['batch', 'total'])
  for (const what of ['key', 'value']) {
    graph.input(`past_key_values.0.${what}`, float, ['batch', kvHeads, 'past', headSize])
    graph.output(`present.0.${what}`, float, ['batch', kvHeads, 'total', headSize])
  }
  graph.output('logits', float, ['batch', 'tokens', vocabulary])
  const x = graph.node('Gather', [graph.weights(vocabulary, hidden), ids])
  const q = graph.node('MatMul', [x, graph.weights(hidden, heads * headSize)])
  const k = graph.node('MatMul', [x, graph.weights(hidden, kvHeads * headSize)])
  const v = graph.node('MatMul', [x, graph.weights(hidden, kvHeads * headSize)])
  const attended = attention === 'gqa' ? fused(graph, [q, k, v], mask, form) : unfused(graph, q, k, v, mask)
  const sum = graph.node('Add', [x, graph.node('MatMul', [attended, graph.weights(heads * headSize, hidden)])])
  addHead(graph, graph.node('Tanh', [sum]), head)
  return graph.encode(version)
}

function fused(graph: TestGraph, parts: readonly string[], mask: string, form: Fused): string {
  const { attributes = {}, packed = false, angles: pairs = headSize / 2, inputs = [] } = form
  const one = graph.integers([1], [1])
  const counts = graph.node('ReduceSum', [mask, one], { keepdims: 0 })
  const lasts = graph.node('Cast', [graph.node('Sub', [counts, one])], { to: int32 })
  const size = graph.node('Gather', [graph.node('Shape', [mask]), graph.integers([], [1])])
  const total = graph.node('Cast', [size], { to: int32 })
  const past = ['past_key_values.0.key', 'past_key_values.0.value']
  // Rotated by weights, not by angles: what matters is that keys change with their position.
  const angles = [graph.weights(64, pairs), graph.weights(64, pairs)]
  return graph.node(
    'com.microsoft:GroupQueryAttention',
    [
      ...(packed ? [graph.node('Concat', parts, { axis: -1 }), '', ''] : parts),
      ...past,
      lasts,
      total,
      ...angles,
      ...inputs,
    ],
    { num_heads: heads, kv_num_heads: kvHeads, do_rotary: 1, ...attributes },
    ['attended', 'present.0.key', 'present.0.value'],
  )
}

function unfused(graph: TestGraph, q: string, k: string, v: string, mask: string): string {
  const swap = [0, 2, 1, 3]
  const split = (x: string, heads: number): string => {
    return graph.node('Transpose', [graph.node('Reshape', [x, graph.integers([4], [0, 0, heads, headSize])])], {
      perm: swap,
    })
  }
  // The attention reads the presents too, as in exports.
  const whole = (what: string, x: string): string => {
    const past = `past_key_values.0.${what}`
    const present = graph.node('Concat', [past, split(x, kvHeads)], { axis: -2 }, [`present.0.${what}`])
    return graph.node('Concat', [present, present], { axis: 1 })
  }
  const scores = graph.node('MatMul', [
    split(q, heads),
    graph.node('Transpose', [whole('key', k)], { perm: [0, 1, 3, 2] }),
  ])
  const hidden = graph.node('Sub', [graph.node('Cast', [mask], { to: float }), graph.scalar(1)])
  const bias = graph.node('Mul', [hidden, graph.scalar(1e9)])
  const masked = graph.node('Add', [scores, graph.node('Reshape', [bias, graph.integers([4], [0, 1, 1, -1])])])
  const attended = graph.node('MatMul', [graph.node('Softmax', [masked], { axis: -1 }), whole('value', v)])
  const back = graph.node('Transpose', [attended], { perm: swap })
  return graph.node('Reshape', [back, graph.integers([3], [0, 0, heads * headSize])])
}

function addHead(graph: TestGraph, x: string, head: Head): void {
  const end = ['logits']
  const blocks = hidden / 32
  if (head === 'plain') graph.node('MatMul', [x, graph.weights(hidden, vocabulary)], {}, end)
  else if (head === 'soft cap') {
    const logits = graph.node('Add', [graph.node('MatMul', [x, graph.weights(hidden, vocabulary)]), graph.scalar(0.5)])
    const small = graph.node('Tanh', [graph.node('Div', [logits, graph.scalar(30)])])
    graph.node('Mul', [small, graph.scalar(30)], {}, end)
  } else if (head === 'q4') {
    const weights = [graph.bytes(vocabulary, blocks, 16), graph.weights(vocabulary * blocks)]
    const attributes = { K: hidden, N: vocabulary, bits: 4, block_size: 32 }
    graph.node('com.microsoft:MatMulNBits', [x, ...weights], attributes, end)
  } else if (head === 'dynamic') {
    const names = ['rounded', 'scale', 'zero']
    graph.node('DynamicQuantizeLinear', [x], {}, names)
    const product = graph.node('MatMulInteger', ['rounded', graph.bytes(hidden, vocabulary), 'zero'])
    const scale = graph.node('Mul', ['scale', graph.weights(vocabulary)])
    graph.node('Mul', [graph.node('Cast', [product], { to: float }), scale], {}, end)
  } else {
    const logits = graph.node('MatMul', [x, graph.weights(hidden, vocabulary)])
    graph.node('Add', [logits, graph.node('MatMul', [x, graph.weights(hidden, vocabulary)])], {}, end)
  }
}

/** One pass. @param past The cache as it is fed, with room behind the valid rows or without. */
export interface Pass {
  readonly tokens: readonly (readonly number[])[]
  /** A mask for each text: its ones are the valid rows and the new tokens. */
  readonly masks: readonly (readonly number[])[]
  readonly past: Cache
  readonly keep?: number
}

/** `[batch, heads, rows, size]` */
export interface Cache {
  readonly key: Tensor
  readonly value: Tensor
}

export function noCache(batch = 1): Cache {
  const empty = (): Tensor => new Tensor('float32', new Float32Array(0), [batch, kvHeads, 0, headSize])
  return { key: empty(), value: empty() }
}

export async function open(model: Uint8Array): Promise<InferenceSession> {
  return InferenceSession.create(model, { intraOpNumThreads: 1 })
}

export async function run(session: InferenceSession, pass: Pass): Promise<{ logits: Tensor } & Cache> {
  const lines = (rows: readonly (readonly number[])[]): Tensor =>
    new Tensor('int64', BigInt64Array.from(rows.flat().map(BigInt)), [rows.length, rows[0]!.length])
  const { logits, ...presents } = await session.run({
    input_ids: lines(pass.tokens),
    attention_mask: lines(pass.masks),
    'past_key_values.0.key': pass.past.key,
    'past_key_values.0.value': pass.past.value,
    ...(pass.keep === undefined ? {} : { num_logits_to_keep: new Tensor('int64', [BigInt(pass.keep)], []) }),
  })
  return { logits: logits!, key: presents['present.0.key']!, value: presents['present.0.value']! }
}
