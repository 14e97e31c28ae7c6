import {
  attributeFields,
  dimensionFields,
  integerAttribute,
  nodeFields,
  tensorFields,
  tensorTypeFields,
  typeFields,
  valueFields,
} from '../graph/onnx-fields.js'
import { Message } from '../protobuf/message.js'

/* New parts of a graph, in the few forms that the patches need. */

/** `TensorProto.DataType` of 64-bit whole numbers. */
export const int64 = 7

export function integerAttributeOf(name: string, value: number): Message {
  return new Message()
    .text(attributeFields.name, name)
    .int(attributeFields.integer, value)
    .int(attributeFields.type, integerAttribute)
}

/** A node of one of ONNX's own operators, with the name of its output, or of the first one. */
export function newNode(
  operator: string,
  inputs: readonly string[],
  output: string | readonly string[],
  attributes: Readonly<Record<string, number>> = {},
): Message {
  const node = new Message()
  const outputs = typeof output === 'string' ? [output] : output
  for (const input of inputs) node.text(nodeFields.input, input)
  for (const name of outputs) node.text(nodeFields.output, name)
  node.text(nodeFields.name, outputs[0]!).text(nodeFields.operator, operator)
  for (const [name, value] of Object.entries(attributes)) {
    node.message(nodeFields.attribute, integerAttributeOf(name, value))
  }
  return node
}

/** @param dimensions Empty for a scalar. */
export function newIntegers(name: string, dimensions: readonly number[], values: readonly bigint[]): Message {
  const tensor = new Message()
  for (const size of dimensions) tensor.int(tensorFields.dimensions, size)
  const data = new DataView(new ArrayBuffer(8 * values.length))
  for (const [index, value] of values.entries()) data.setBigInt64(8 * index, value, true)
  return tensor
    .int(tensorFields.type, int64)
    .text(tensorFields.name, name)
    .bytes(tensorFields.data, new Uint8Array(data.buffer))
}

/** An int64 scalar, as an input of the graph. */
export function newScalarInput(name: string): Message {
  const tensor = new Message().int(tensorTypeFields.element, int64).message(tensorTypeFields.shape, new Message())
  return new Message()
    .text(valueFields.name, name)
    .message(valueFields.type, new Message().message(typeFields.tensor, tensor))
}

export function namedDimension(name: string): Message {
  return new Message().text(dimensionFields.name, name)
}
