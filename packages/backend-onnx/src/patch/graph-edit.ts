import { type GraphNode, readNode, subgraphsOf } from '../graph/node.js'
import {
  graphFields,
  modelFields,
  nodeFields,
  shapeFields,
  tensorFields,
  tensorTypeFields,
  typeFields,
  valueFields,
} from '../graph/onnx-fields.js'
import { readGraph, readValueInfo, type ValueInfo } from '../graph/read-graph.js'
import { damaged, type Field, fieldsOf } from '../protobuf/fields.js'
import { Message } from '../protobuf/message.js'
import { splice } from '../protobuf/splice.js'
import { namedDimension } from './write.js'

/** One field of the graph, and what is written in its place. */
interface Part {
  readonly number: number
  /** As it was read, with its tag; absent for what is new. */
  readonly raw?: Uint8Array
  /** What is written instead of `raw`. */
  message?: Message | undefined
  node?: GraphNode
  readonly value?: ValueInfo
}

/**
 * A model's graph, while it is changed. What no change touches is kept as it was read, and copied once, by
 * {@link encode}.
 */
export class GraphEdit {
  private readonly model: Uint8Array
  private parts: Part[] = []
  /** The version of ONNX's own operators. */
  readonly opset: number
  /** Every name of a value. */
  private readonly names = new Set<string>()
  /** With their sizes. */
  private readonly weights = new Map<string, readonly number[]>()
  /** What nodes inside of other nodes read, which may come from outside. */
  readonly usedInside = new Set<string>()

  /** @throws `model-file` */
  constructor(model: Uint8Array) {
    this.model = model
    this.opset = readGraph(model).opsets.get('') ?? 0
    const graph = [...fieldsOf(model)].findLast(({ number }) => number === modelFields.graph)
    if (!graph) throw damaged('it has no graph')
    for (const field of fieldsOf(graph.content)) {
      const { number, raw } = field
      if (number === graphFields.node) this.parts.push(this.withNode({ number, raw }, readNode(field.content)))
      else if (number === graphFields.input || number === graphFields.output || number === graphFields.valueInfo) {
        const value = readValueInfo(field.content)
        this.names.add(value.name)
        this.parts.push({ number, raw, value })
      } else {
        this.parts.push({ number, raw })
        if (number !== graphFields.initializer) continue
        const fields = [...fieldsOf(field.content)]
        const name = fields.findLast(({ number }) => number === tensorFields.name)?.text ?? ''
        this.weights.set(name, sizesIn(fields))
        this.names.add(name)
      }
    }
  }

  /** In the order in which they are computed; not those of subgraphs. */
  get nodes(): GraphNode[] {
    return this.parts.flatMap(({ node }) => node ?? [])
  }

  get inputs(): ValueInfo[] {
    return this.values(graphFields.input).filter(({ name }) => !this.weights.has(name))
  }

  get outputs(): ValueInfo[] {
    return this.values(graphFields.output)
  }

  /** Which node gives a value, by the value's name. */
  producers(): Map<string, GraphNode> {
    return new Map(this.nodes.flatMap((node) => node.outputs.map((name) => [name, node])))
  }

  isWeight(name: string): boolean {
    return this.weights.has(name)
  }

  /** The sizes of a weight; `undefined` for what is computed. */
  sizesOf(name: string): readonly number[] | undefined {
    return this.weights.get(name)
  }

  /** A name like `wanted` that no value has yet. */
  newName(wanted: string): string {
    let name = wanted
    while (this.names.has(name)) name += '_'
    this.names.add(name)
    return name
  }

  /** @param before The node in front of which it is computed; absent: after all others. */
  addNode(node: Message, before?: GraphNode): void {
    const index = before ? this.parts.findIndex(({ node }) => node === before) : this.parts.length
    this.parts.splice(index, 0, this.withNode({ number: graphFields.node, message: node }, readNode(node.encode())))
  }

  removeNodes(nodes: ReadonlySet<GraphNode>): void {
    this.parts = this.parts.filter(({ node }) => !node || !nodes.has(node))
  }

  addInput(input: Message): void {
    const value = readValueInfo(input.encode())
    this.names.add(value.name)
    this.parts.push({ number: graphFields.input, message: input, value })
  }

  addWeight(tensor: Message): void {
    this.parts.push({ number: graphFields.initializer, message: tensor })
  }

  /** Gives inputs and outputs of nodes other names. @param only In this node. Default: in all. */
  rename(names: ReadonlyMap<string, string>, only?: GraphNode): void {
    for (const part of this.parts) {
      if (!part.node || (only && part.node !== only)) continue
      if (![...part.node.inputs, ...part.node.outputs].some((name) => names.has(name))) continue
      const message = new Message()
      for (const field of fieldsOf(part.node.bytes)) {
        const isName = field.number === nodeFields.input || field.number === nodeFields.output
        const name = isName ? names.get(field.text) : undefined
        if (name === undefined) message.raw(field.raw)
        else message.text(field.number, name)
      }
      part.message = message
      this.withNode(part, readNode(message.encode()))
    }
  }

  /** Names the size of an output along one axis. */
  nameDimension(output: string, axis: number, name: string): void {
    const part = this.parts.find(({ number, value }) => number === graphFields.output && value?.name === output)!
    const [info] = [...fieldsOf(part.raw!)]
    part.message = within(info!.content, [valueFields.type, typeFields.tensor, tensorTypeFields.shape], (shape) => {
      let index = 0
      return splice(shape, ({ number }) => {
        return number === shapeFields.dimension && index++ === axis ? namedDimension(name) : undefined
      })
    })
  }

  /** Drops what the file tells of the shapes of values between nodes. */
  forgetShapes(names: ReadonlySet<string>): void {
    this.parts = this.parts.filter(({ number, value }) => {
      return number !== graphFields.valueInfo || !names.has(value!.name)
    })
  }

  /** @param change What a node becomes at last; `undefined` leaves it as it is. */
  encode(change: (node: GraphNode) => Message | undefined): Uint8Array {
    const graph = new Message()
    for (const { number, raw, message, node } of this.parts) {
      const value = (node && change(node)) ?? message
      if (value) graph.message(number, value)
      else graph.raw(raw!)
    }
    return splice(this.model, ({ number }) => (number === modelFields.graph ? graph : undefined))!.encode()
  }

  private values(number: number): ValueInfo[] {
    return this.parts.flatMap((part) => (part.number === number ? part.value! : []))
  }

  private withNode(part: Part, node: GraphNode): Part {
    part.node = node
    for (const name of node.outputs) this.names.add(name)
    const inside = subgraphsOf(node)
    while (inside.length > 0) {
      for (const field of fieldsOf(inside.pop()!)) {
        if (field.number === graphFields.output) this.usedInside.add(readValueInfo(field.content).name)
        if (field.number !== graphFields.node) continue
        const node = readNode(field.content)
        for (const name of node.inputs) this.usedInside.add(name)
        inside.push(...subgraphsOf(node))
      }
    }
    return part
  }
}

function sizesIn(tensor: readonly Field[]): number[] {
  return tensor.filter(({ number }) => number === tensorFields.dimensions).map(({ integer }) => Number(integer))
}

/** Changes a message that lies in messages. @param path Field numbers, from the outside. */
function within(
  message: Uint8Array,
  path: readonly number[],
  change: (message: Uint8Array) => Message | undefined,
): Message | undefined {
  if (path.length === 0) return change(message)
  return splice(message, (field) => {
    return field.number === path[0] ? within(field.content, path.slice(1), change) : undefined
  })
}
