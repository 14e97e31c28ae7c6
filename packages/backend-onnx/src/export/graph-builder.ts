import { Message } from '../protobuf/message.js'

/* The parts of an ONNX file that a decoder needs, with the field numbers of onnx.proto. */

export const elementTypes = { float: 1, uint8: 2, int32: 6, int64: 7, float16: 10 } as const
export type ElementType = keyof typeof elementTypes

/** Sizes, or names for sizes that are known when it runs. */
export type Dimensions = readonly (number | string)[]

export type Attribute = number | string | { readonly float: number } | readonly number[]

/** Where a tensor's data lies, in a file beside the model. */
export interface Place {
  readonly type: ElementType
  readonly dimensions: readonly number[]
  readonly file: string
  /** In bytes. */
  readonly offset: number
  readonly bytes: number
}

/** A graph under construction: nodes in the order in which they are computed. */
export class GraphBuilder {
  private readonly message = new Message()
  private readonly constants = new Set<string>()
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

  /** A list of whole numbers as a constant, or with `shape: []` a single one. */
  integers(values: readonly number[], shape: readonly number[] = [values.length]): string {
    const name = `integers_${values.join('_')}${shape.length === 0 ? '_alone' : ''}`
    return this.constant(name, 'int64', shape, new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer))
  }

  /** One number of single precision as a constant. */
  number(value: number): string {
    return this.constant(`number_${value}`, 'float', [], new Uint8Array(Float32Array.of(value).buffer))
  }

  /** A tensor whose data lies in another file. */
  stored(name: string, { type, dimensions, file, offset, bytes }: Place): string {
    if (this.isThere(name)) return name
    const tensor = tensorOf(name, type, dimensions)
    for (const [key, value] of Object.entries({ location: file, offset, length: bytes })) {
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

  private constant(name: string, type: ElementType, dimensions: readonly number[], data: Uint8Array): string {
    if (!this.isThere(name)) this.message.message(5, tensorOf(name, type, dimensions).bytes(9, data))
    return name
  }

  /** Whether there is a constant of that name; from now on there is. */
  private isThere(name: string): boolean {
    const there = this.constants.has(name)
    this.constants.add(name)
    return there
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
  if ('float' in value) return attribute.float(2, value.float).int(20, 1)
  for (const element of value) attribute.int(8, element)
  return attribute.int(20, 7)
}
