import {
  attributeFields,
  dimensionFields,
  floatAttribute,
  integerAttribute,
  integersAttribute,
  nodeFields,
  tensorFields,
  tensorTypeFields,
  typeFields,
  valueFields,
} from '../graph/onnx-fields.js'
import { Message } from '../protobuf/message.js'

/* New parts of a graph, in the few forms that the patches need. */

/** `TensorProto.DataType` of single precision, and of 64-bit whole numbers. */
const float = 1
export const int64 = 7

export function integerAttributeOf(name: string, value: number): Message {
  return new Message()
    .text(attributeFields.name, name)
    .int(attributeFields.integer, value)
    .int(attributeFields.type, integerAttribute)
}

function floatAttributeOf(name: string, value: number): Message {
  return new Message()
    .text(attributeFields.name, name)
    .float(attributeFields.float, value)
    .int(attributeFields.type, floatAttribute)
}

function integersAttributeOf(name: string, values: readonly number[]): Message {
  const attribute = new Message().text(attributeFields.name, name)
  for (const value of values) attribute.int(attributeFields.integers, value)
  return attribute.int(attributeFields.type, integersAttribute)
}

/** Whole numbers, or a number in single precision. */
export type Attributes = Readonly<Record<string, number | readonly number[] | { readonly float: number }>>

/**
 * A node, with the name of its output, or of the first one.
 *
 * @param operator With its domain, if that is not ONNX's own: `MatMul`, `com.microsoft:FusedMatMul`.
 */
export function newNode(
  operator: string,
  inputs: readonly string[],
  output: string | readonly string[],
  attributes: Attributes = {},
): Message {
  const node = new Message()
  const outputs = typeof output === 'string' ? [output] : output
  const [type, domain] = operator.split(':').toReversed() as [string, string?]
  for (const input of inputs) node.text(nodeFields.input, input)
  for (const name of outputs) node.text(nodeFields.output, name)
  node.text(nodeFields.name, outputs[0]!).text(nodeFields.operator, type)
  for (const [name, value] of Object.entries(attributes)) node.message(nodeFields.attribute, attributeOf(name, value))
  if (domain !== undefined) node.text(nodeFields.domain, domain)
  return node
}

function attributeOf(name: string, value: Attributes[string]): Message {
  if (typeof value === 'number') return integerAttributeOf(name, value)
  return 'float' in value ? floatAttributeOf(name, value.float) : integersAttributeOf(name, value)
}

/** A scalar in single precision. */
export function newFloat(name: string, value: number): Message {
  const data = new Uint8Array(4)
  new DataView(data.buffer).setFloat32(0, value, true)
  return new Message().int(tensorFields.type, float).text(tensorFields.name, name).bytes(tensorFields.data, data)
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
