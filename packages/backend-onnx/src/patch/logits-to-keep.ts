import type { GraphNode } from '../graph/node.js'
import type { GraphEdit } from './graph-edit.js'
import { newIntegers, newNode, newScalarInput } from './write.js'

const inputName = 'num_logits_to_keep'
const outputName = 'logits'

/** Operators that are one matrix product of rows with weights. */
const products = new Set([
  'MatMul',
  'MatMulInteger',
  'com.microsoft:MatMulNBits',
  'com.microsoft:MatMulBnb4',
  'com.microsoft:MatMulIntegerToFloat',
])
/** Operators that treat each row by itself, and may follow that product. */
const elementwise = new Set(['Add', 'Cast', 'Div', 'Identity', 'Mul', 'Sub', 'Tanh'])

/**
 * Has the graph compute the logits of the last `num_logits_to_keep` positions alone, 0 for all: the hidden state is cut
 * before its product with the output matrix. The rows that are left have the bits that they had.
 *
 * @returns Whether the graph has this input now. It is left alone when its logits are made in a way not known here.
 */
export function keepLogits(graph: GraphEdit): boolean {
  if (graph.inputs.some(({ name }) => name === inputName)) return true
  // Slice has taken inputs since version 10.
  if (graph.opset < 10) return false
  const producers = graph.producers()
  const path = pathToHead(graph, producers)
  if (!path) return false
  const { head, values } = path

  const minusOne = graph.newName('kept_minus_one')
  const axis = graph.newName('kept_axis')
  const end = graph.newName('kept_end')
  graph.addWeight(newIntegers(minusOne, [1], [-1n]))
  graph.addWeight(newIntegers(axis, [1], [1n]))
  graph.addWeight(newIntegers(end, [1], [2n ** 63n - 1n]))
  graph.addInput(newScalarInput(inputName))
  const start = graph.newName('kept_start')
  const hidden = head.inputs[0]!
  const kept = graph.newName('kept_hidden')
  // The product makes one number a list of one. From 0 on are all rows.
  graph.addNode(newNode('Mul', [inputName, minusOne], start), head)
  graph.addNode(newNode('Slice', [hidden, start, end, axis], kept), head)
  graph.rename(new Map([[hidden, kept]]), head)
  graph.nameDimension(outputName, 1, 'kept_rows')
  graph.forgetShapes(values)
  return true
}

interface Path {
  readonly head: GraphNode
  /** All that is computed from the product on. */
  readonly values: ReadonlySet<string>
}

/** From the logits back to the product that they are made by. */
function pathToHead(graph: GraphEdit, producers: ReadonlyMap<string, GraphNode>): Path | undefined {
  const values = new Set<string>()
  const outputs = new Set(graph.outputs.map(({ name }) => name))
  const info = graph.outputs.find(({ name }) => name === outputName)
  if (info?.dimensions.length !== 3) return undefined
  for (let name: string = outputName; ;) {
    const node = producers.get(name)
    if (!node || node.outputs.length !== 1) return undefined
    // Whatever else reads it wants all the rows.
    if (graph.usedInside.has(name) || (name !== outputName && outputs.has(name))) return undefined
    const readers = graph.nodes.filter(({ inputs }) => inputs.includes(name))
    if (readers.length > (name === outputName ? 0 : 1)) return undefined
    values.add(name)
    if (products.has(node.operator)) return { head: node, values }
    if (!elementwise.has(node.operator)) return undefined
    const rows = node.inputs.filter((input) => !isRowless(input, graph, producers))
    if (rows.length !== 1) return undefined
    name = rows[0]!
  }
}

/** Whether a value is the same for every row: a constant, or the scale of a quantised matrix. */
function isRowless(name: string, graph: GraphEdit, producers: ReadonlyMap<string, GraphNode>): boolean {
  if (graph.isWeight(name)) return true
  const node = producers.get(name)
  if (!node) return false
  if (node.operator === 'Constant') return true
  if (node.operator === 'DynamicQuantizeLinear') return node.outputs.indexOf(name) > 0
  return elementwise.has(node.operator) && node.inputs.every((input) => isRowless(input, graph, producers))
}
