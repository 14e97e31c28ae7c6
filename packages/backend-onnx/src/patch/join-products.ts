import type { GraphNode } from '../graph/node.js'
import { attributeFields, nodeFields } from '../graph/onnx-fields.js'
import { fieldsOf } from '../protobuf/fields.js'
import { Message } from '../protobuf/message.js'
import type { GraphEdit } from './graph-edit.js'
import { integerAttributeOf, newIntegers, newNode } from './write.js'

const operator = 'com.microsoft:MatMulNBits'

/** ONNX Runtime computes so many outputs of a product at a time; within such blocks, each has the bits that it had. */
const block = 16

/**
 * Has the graph multiply a value once with the rows of several matrices, where it did so once with each: queries, keys and
 * values, the gate and what it gates. One product takes less time than two or three, and gives the same bits. Matrices of
 * 4 bits and the like (`MatMulNBits`) alone, whose products are short enough for it to matter.
 *
 * The matrices stay where they are, in the file or beside it: the graph says that they are to be concatenated, which ONNX
 * Runtime does when it loads it.
 *
 * @returns How many products are no more.
 */
export function joinProducts(graph: GraphEdit): number {
  // Split has taken its sizes as an input since version 13.
  if (graph.opset < 13) return 0
  const alike = new Map<string, GraphNode[]>()
  for (const node of graph.nodes) {
    const key = keyOf(graph, node)
    if (key !== undefined) alike.set(key, [...(alike.get(key) ?? []), node])
  }
  let fewer = 0
  for (const nodes of alike.values()) {
    if (nodes.length < 2) continue
    join(graph, nodes)
    fewer += nodes.length - 1
  }
  return fewer
}

/** The same for products that can be joined: of one value, with matrices alike but for their rows. */
function keyOf(graph: GraphEdit, node: GraphNode): string | undefined {
  if (node.operator !== operator || rowsOf(node) % block !== 0) return undefined
  const [value, ...weights] = node.inputs
  // Matrix, scales, zero points. An order of columns or a bias is rare.
  if (weights.length > 3 || !weights.every((name) => graph.isWeight(name))) return undefined
  const others = node.attributes.filter((attribute) => nameOf(attribute) !== 'N')
  return [value, weights.length, ...others.map((attribute) => Buffer.from(attribute).toString('hex')).toSorted()].join(
    ' ',
  )
}

function join(graph: GraphEdit, nodes: readonly GraphNode[]): void {
  const whole = wholeOf(graph, nodes)
  const ordered = whole ? whole.inputs.map((name) => nodes.find(({ outputs }) => outputs[0] === name)!) : nodes
  const [first] = nodes as [GraphNode]
  const inputs = [first.inputs[0]!]
  for (let index = 1; index < first.inputs.length; index++) {
    const name = graph.newName(`${first.inputs[index]}.joined`)
    const parts = ordered.map((node) => node.inputs[index]!)
    graph.addNode(newNode('Concat', parts, name, { axis: 0 }), first)
    inputs.push(name)
  }
  const product = whole?.outputs[0] ?? graph.newName(`${first.outputs[0]}.joined`)
  const rows = ordered.map(rowsOf)
  const sum = rows.reduce((sum, count) => sum + count)
  graph.addNode(withRows(first, inputs, product, sum), first)
  if (!whole) {
    const sizes = graph.newName(`${product}.sizes`)
    graph.addWeight(newIntegers(sizes, [rows.length], rows.map(BigInt)))
    const outputs = ordered.map((node) => node.outputs[0]!)
    graph.addNode(newNode('Split', [product, sizes], outputs, { axis: -1 }), first)
  }
  graph.removeNodes(new Set(whole ? [...nodes, whole] : nodes))
}

/** The node that puts these products side by side, if nothing else reads them: then they need not be taken apart. */
function wholeOf(graph: GraphEdit, nodes: readonly GraphNode[]): GraphNode | undefined {
  const products = new Set(nodes.map(({ outputs }) => outputs[0]!))
  const [reader, ...others] = graph.nodes.filter(({ inputs }) => inputs.some((name) => products.has(name)))
  const isRead = ({ name }: { readonly name: string }): boolean => products.has(name)
  if (reader?.operator !== 'Concat' || others.length > 0 || graph.outputs.some(isRead)) return undefined
  if ([...products].some((name) => graph.usedInside.has(name))) return undefined
  const isEach = reader.inputs.length === products.size && reader.inputs.every((name) => products.has(name))
  const isWhole = isEach && new Set(reader.inputs).size === products.size && integerOf(reader, 'axis') === -1n
  return isWhole ? reader : undefined
}

/** The same product, of more rows. */
function withRows(node: GraphNode, inputs: readonly string[], output: string, rows: number): Message {
  const message = new Message()
  for (const name of inputs) message.text(nodeFields.input, name)
  message.text(nodeFields.output, output).text(nodeFields.name, output)
  for (const field of fieldsOf(node.bytes)) {
    const { number } = field
    if (number === nodeFields.input || number === nodeFields.output || number === nodeFields.name) continue
    if (number === nodeFields.attribute && nameOf(field.content) === 'N') {
      message.message(number, integerAttributeOf('N', rows))
    } else message.raw(field.raw)
  }
  return message
}

function rowsOf(node: GraphNode): number {
  return Number(integerOf(node, 'N') ?? 0)
}

function integerOf(node: GraphNode, name: string): bigint | undefined {
  const attribute = node.attributes.find((attribute) => nameOf(attribute) === name)
  return attribute && [...fieldsOf(attribute)].findLast(({ number }) => number === attributeFields.integer)?.integer
}

function nameOf(attribute: Uint8Array): string | undefined {
  return [...fieldsOf(attribute)].findLast(({ number }) => number === attributeFields.name)?.text
}
