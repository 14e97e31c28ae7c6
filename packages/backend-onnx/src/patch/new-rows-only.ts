import type { GraphNode } from '../graph/node.js'
import { attributeFields } from '../graph/onnx-fields.js'
import { fieldsOf } from '../protobuf/fields.js'
import { isAttention } from './attention.js'
import type { GraphEdit } from './graph-edit.js'
import { int64, newIntegers, newNode } from './write.js'

/** A cache output, and what is known about it. */
interface Cache {
  /** `present.0.key` */
  readonly name: string
  /** What computes it. */
  readonly node: GraphNode
}

/**
 * Has the graph give only the rows of this pass's tokens as `present.N.key|value`: `[batch, heads, tokens, size]`. The
 * attention itself still sees the whole cache, and all other outputs keep their bits.
 *
 * For GroupQueryAttention these are the rows that the operator has written behind the valid ones of each text, so the
 * past may have room for more, and texts of a batch may differ in length.
 *
 * @returns Whether it was done. The graph is left alone when a cache is made in a way not known here.
 */
export function newRowsOnly(graph: GraphEdit): boolean {
  const names = graph.outputs.map(({ name }) => name).filter((name) => /^present\.\d+\.(key|value)$/.test(name))
  const producers = graph.producers()
  const caches = names.flatMap((name): Cache[] => {
    const node = producers.get(name)
    return node && !graph.usedInside.has(name) ? [{ name, node }] : []
  })
  const concatenated = caches.filter(isConcatenation)
  const attended = caches.filter(({ node }) => isAttention(node))
  if (caches.length === 0 || concatenated.length + attended.length < names.length) return false
  const tokens = graph.inputs.find(({ name }) => name === 'input_ids' || name === 'inputs_embeds')?.name
  // GatherND has known batches since version 12.
  if (attended.length > 0 && (tokens === undefined || graph.opset < 12)) return false

  const whole = new Map(names.map((name) => [name, graph.newName(`${name}.whole`)]))
  graph.rename(whole)
  for (const { name, node } of concatenated) graph.addNode(newNode('Identity', [node.inputs[1]!], name))
  if (attended.length > 0) addGathers(graph, attended, whole, tokens!)
  for (const name of names) graph.nameDimension(name, 2, 'new_rows')
  graph.forgetShapes(new Set(names))
  return true
}

/** The past, then the new rows. */
function isConcatenation({ name, node }: Cache): boolean {
  const past = name.replace('present', 'past_key_values')
  const axis = attribute(node, 'axis')
  return (
    node.operator === 'Concat' && node.inputs.length === 2 && node.inputs[0] === past && (axis === 2 || axis === -2)
  )
}

/** Rows from `lasts + 1 - tokens` on, where `lasts` is the operator's sixth input: each text's last position. */
function addGathers(
  graph: GraphEdit,
  caches: readonly Cache[],
  whole: ReadonlyMap<string, string>,
  tokens: string,
): void {
  const constant = (name: string, dimensions: readonly number[], values: readonly bigint[]): string => {
    const unique = graph.newName(`new_rows_${name}`)
    graph.addWeight(newIntegers(unique, dimensions, values))
    return unique
  }
  const node = (operator: string, inputs: readonly string[], attributes: Readonly<Record<string, number>> = {}) => {
    const name = graph.newName(`new_rows_${operator}`)
    graph.addNode(newNode(operator, inputs, name, attributes))
    return name
  }
  const zero = constant('zero', [], [0n])
  const one = constant('one', [], [1n])
  const column = constant('column', [4], [1n, 1n, -1n, 1n])
  const perText = constant('per_text', [4], [-1n, 1n, 1n, 1n])
  const count = node('Gather', [node('Shape', [tokens]), one])
  const steps = node('Reshape', [node('Range', [zero, count, one]), column])

  const placesOf = memoized((lasts: string, heads: number) => {
    const ends = node('Add', [node('Cast', [lasts], { to: int64 }), one])
    // A first pass over texts of different lengths begins at row 0 for all of them.
    const starts = node('Max', [node('Sub', [ends, count]), zero])
    const places = node('Add', [node('Reshape', [starts, perText]), steps])
    return node('Expand', [places, constant('heads', [4], [1n, BigInt(heads), 1n, 1n])])
  })
  for (const { name, node } of caches) {
    const places = placesOf(node.inputs[5]!, attribute(node, 'kv_num_heads')!)
    graph.addNode(newNode('GatherND', [whole.get(name)!, places], name, { batch_dims: 2 }))
  }
}

/** All layers share what is computed from the same inputs. */
function memoized(compute: (lasts: string, heads: number) => string): typeof compute {
  const known = new Map<string, string>()
  return (lasts, heads) => {
    const key = `${heads} ${lasts}`
    const value = known.get(key) ?? compute(lasts, heads)
    known.set(key, value)
    return value
  }
}

function attribute(node: GraphNode, name: string): number | undefined {
  for (const bytes of node.attributes) {
    const fields = [...fieldsOf(bytes)]
    if (fields.find(({ number }) => number === attributeFields.name)?.text !== name) continue
    return Number(fields.find(({ number }) => number === attributeFields.integer)?.integer ?? 0)
  }
  return undefined
}
