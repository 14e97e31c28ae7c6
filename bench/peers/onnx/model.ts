import { Message } from './protobuf.js'

/* The parts of an ONNX file that a decoder needs, with the field numbers of onnx.proto. */

export const elementTypes = { float: 1, int32: 6, int64: 7 } as const
export type ElementType = keyof typeof elementTypes

/** Sizes, or names for sizes that are known when it runs. */
export type Dimensions = readonly (number | string)[]

export type Attribute = number | string | { readonly float: number }

/** A graph under construction: nodes in the order in which they are computed. */
export class Graph {
  private readonly message = new Message()
  private count = 0

  constructor(name: string) {
    this.message.text(2, name)
  }

  input(name: string, type: ElementType, dimensions: Dimensions): string {
    this.message.message(11, valueInfo(name, type, dimensions))
    return name
  }

  output(name: string, type: ElementType, dimensions: Dimensions): void {
    this.message.message(12, valueInfo(name, type, dimensions))
  }

  /** @param data Little-endian. */
  constant(name: string, type: ElementType, dimensions: readonly number[], data: Uint8Array): string {
    const tensor = tensorOf(name, type, dimensions).bytes(9, data)
    this.message.message(5, tensor)
    return name
  }

  /** A tensor whose data lies in another file. */
  stored(
    name: string,
    type: ElementType,
    dimensions: readonly number[],
    where: { file: string; offset: number; bytes: number },
  ): string {
    const tensor = tensorOf(name, type, dimensions)
    for (const [key, value] of Object.entries({ location: where.file, offset: where.offset, length: where.bytes })) {
      tensor.message(13, new Message().text(1, key).text(2, String(value)))
    }
    this.message.message(5, tensor.int(14, 1))
    return name
  }

  /**
   * One operator.
   *
   * @param options.outputs Names for what it gives; one made-up name where absent.
   * @param options.domain Empty: ONNX itself.
   * @returns The name of its first output.
   */
  node(
    operator: string,
    inputs: readonly string[],
    options: {
      outputs?: readonly string[]
      attributes?: Readonly<Record<string, Attribute>>
      domain?: string
    } = {},
  ): string {
    const { outputs = [`${operator}_${this.count}`], attributes = {}, domain } = options
    const node = new Message()
    for (const input of inputs) node.text(1, input)
    for (const output of outputs) node.text(2, output)
    node.text(3, `node_${this.count++}`).text(4, operator)
    for (const [name, value] of Object.entries(attributes)) node.message(5, attributeOf(name, value))
    if (domain) node.text(7, domain)
    this.message.message(1, node)
    return outputs[0]!
  }

  /** The whole file, with ONNX's operators of version 17, and Microsoft's. */
  encode(): Uint8Array {
    const operators = (domain: string, version: number): Message => new Message().text(1, domain).int(2, version)
    return new Message()
      .int(1, 8)
      .text(2, 'foretoken')
      .message(7, this.message)
      .message(8, operators('', 17))
      .message(8, operators('com.microsoft', 1))
      .encode()
  }
}

function tensorOf(name: string, type: ElementType, dimensions: readonly number[]): Message {
  const tensor = new Message()
  for (const size of dimensions) tensor.int(1, size)
  return tensor.int(2, elementTypes[type]).text(8, name)
}

function valueInfo(name: string, type: ElementType, dimensions: Dimensions): Message {
  const shape = new Message()
  for (const size of dimensions) {
    shape.message(1, typeof size === 'number' ? new Message().int(1, size) : new Message().text(2, size))
  }
  const tensor = new Message().int(1, elementTypes[type]).message(2, shape)
  return new Message().text(1, name).message(2, new Message().message(1, tensor))
}

function attributeOf(name: string, value: Attribute): Message {
  const attribute = new Message().text(1, name)
  if (typeof value === 'number') return attribute.int(3, value).int(20, 2)
  if (typeof value === 'string') return attribute.text(4, value).int(20, 3)
  return attribute.float(2, value.float).int(20, 1)
}
