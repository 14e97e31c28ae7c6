import type { GraphNode } from '../graph/node.js'
import { type Attention, isAttention, readAttention } from './attention.js'
import type { GraphEdit } from './graph-edit.js'
import { type Attributes, int64, newFloat, newIntegers, newNode } from './write.js'

/** What is added to the scores of rows that do not count: they weigh nothing afterwards. */
const hidden = -3e38

/**
 * Has the graph attend to the past and to the new tokens apart: scores of both side by side, one softmax, and the sum of
 * what each part gives. `GroupQueryAttention` copies the whole past behind itself in each pass before it looks at it; here
 * it is read where it lies, and cache outputs are only the rows of this pass's tokens.
 *
 * The inputs keep their meaning: the past may have room for more rows than count, and texts of a batch may differ in length.
 * They may go on by several tokens each, which the operator does not take.
 *
 * @returns Whether it was done. The graph is left alone when a layer attends in a way not known here, or not in single
 * precision.
 */
export function attendInParts(graph: GraphEdit): boolean {
  const tokens = graph.inputs.find(({ name }) => name === 'input_ids' || name === 'inputs_embeds')?.name
  const nodes = graph.nodes.filter(isAttention)
  // Split has taken its sizes as an input since version 13.
  if (tokens === undefined || nodes.length === 0 || graph.opset < 13) return false
  const layers = nodes.flatMap((node) => readAttention(graph, node) ?? [])
  if (layers.length < nodes.length) return false
  const writer = new Writer(graph, nodes[0]!, tokens)
  for (const layer of layers) writer.attend(layer)
  graph.removeNodes(new Set(nodes))
  const presents = layers.flatMap(({ outputs }) => [outputs.presentKey, outputs.presentValue])
  for (const name of presents) graph.nameDimension(name, 2, 'new_rows')
  graph.forgetShapes(new Set(presents))
  return true
}

/** Where a node goes, and what its output is called. */
interface Place {
  readonly before?: GraphNode
  readonly output?: string
}

/** Writes what takes the operators' place. */
class Writer {
  private readonly graph: GraphEdit
  private readonly tokens: string
  /** All that layers share is computed in front of the first. */
  private readonly first: GraphNode
  private readonly shared = new Map<string, string>()

  constructor(graph: GraphEdit, first: GraphNode, tokens: string) {
    this.graph = graph
    this.first = first
    this.tokens = tokens
  }

  attend(layer: Attention): void {
    const { node, heads, kvHeads, size, inputs, outputs } = layer
    const add = (operator: string, from: readonly string[], attributes: Attributes = {}, output?: string): string =>
      this.add(operator, from, attributes, { before: node, ...(output !== undefined && { output }) })
    const headsFirst = { perm: [0, 2, 1, 3] }
    const split = (x: string, count: number, output?: string): string =>
      add('Transpose', [add('Reshape', [x, this.integers([0, 0, count, size])])], headsFirst, output)

    const [query, key, value] = this.parts(layer)
    const queries = split(this.rotated(layer, query, heads), heads)
    split(this.rotated(layer, key, kvHeads), kvHeads, outputs.presentKey)
    split(value, kvHeads, outputs.presentValue)
    // Heads that share keys and values are rows of one product: `[texts, kvHeads, heads / kvHeads * tokens, size]`.
    const grouped = add('Reshape', [queries, this.integers([0, kvHeads, -1, size])])
    const scores = [inputs.pastKey, outputs.presentKey].map((keys) =>
      add('com.microsoft:FusedMatMul', [grouped, keys], { alpha: { float: layer.scale }, transB: 1 }),
    )
    const counted = add('Add', [add('Concat', scores, { axis: -1 }), this.mask(layer)])
    const [past, fresh] = this.split(add('Softmax', [counted], { axis: -1 }), this.sizes(layer), 2, node)
    const sums = [add('MatMul', [past!, inputs.pastValue]), add('MatMul', [fresh!, outputs.presentValue])]
    const all = add('Reshape', [add('Add', sums), this.integers([0, heads, -1, size])])
    add('Reshape', [add('Transpose', [all], headsFirst), this.integers([0, 0, heads * size])], {}, outputs.attended)
  }

  /** Queries, keys and values, which may come as one. */
  private parts({ node, heads, kvHeads, size, inputs: { query, key, value } }: Attention): [string, string, string] {
    if (key !== '') return [query, key, value]
    const sizes = this.integers([heads, kvHeads, kvHeads].map((count) => count * size))
    return this.split(query, sizes, 3, node) as [string, string, string]
  }

  /** `[texts, tokens, count * size]`, turned by each token's position. */
  private rotated({ node, rotary, inputs }: Attention, x: string, count: number): string {
    if (!rotary) return x
    const from = [x, this.positions(inputs.lasts), rotary.cosines, rotary.sines]
    const attributes = { num_heads: count, interleaved: Number(rotary.interleaved) }
    return this.add('com.microsoft:RotaryEmbedding', from, attributes, { before: node })
  }

  /** How many tokens a pass is over. */
  private get count(): string {
    return this.once('count', () => this.add('Gather', [this.add('Shape', [this.tokens]), this.integers([1], [])]))
  }

  /** How many rows of each text's past count: `[texts]`. Of a first pass over texts of different lengths, none. */
  private held(lasts: string): string {
    return this.once(`held ${lasts}`, () => {
      const ends = this.add('Add', [this.add('Cast', [lasts], { to: int64 }), this.integers([1], [])])
      return this.add('Max', [this.add('Sub', [ends, this.count]), this.integers([0], [])])
    })
  }

  /** `[texts, tokens]` */
  private positions(lasts: string): string {
    return this.once(`positions ${lasts}`, () => {
      const starts = this.add('Reshape', [this.held(lasts), this.integers([-1, 1])])
      return this.add('Add', [starts, this.range(this.count)])
    })
  }

  /** For how many rows the past has room. */
  private rows({ inputs }: Attention): string {
    return this.once('rows', () => this.add('Gather', [this.add('Shape', [inputs.pastKey]), this.integers([2], [])]))
  }

  /** The rows of both parts: `[2]` */
  private sizes(layer: Attention): string {
    return this.once('sizes', () => {
      const parts = [this.rows(layer), this.count].map((count) => this.add('Reshape', [count, this.integers([1])]))
      return this.add('Concat', parts, { axis: 0 })
    })
  }

  /**
   * What is added to scores `[texts, 1, groups * tokens, rows + tokens]`: nothing for rows of the past that count, for the
   * token itself and for those of this pass before it.
   */
  private mask(layer: Attention): string {
    const groups = layer.heads / layer.kvHeads
    const { lasts } = layer.inputs
    return this.once(`mask ${groups} ${lasts}`, () => {
      const rows = this.rows(layer)
      const columns = this.range(this.add('Add', [rows, this.count]))
      const held = this.add('Reshape', [this.held(lasts), this.integers([-1, 1, 1, 1])])
      const own = this.add('Reshape', [this.range(this.count), this.integers([-1, 1])])
      const isPast = this.add('Less', [columns, held])
      const isNew = this.add('GreaterOrEqual', [columns, rows])
      const isBefore = this.add('LessOrEqual', [columns, this.add('Add', [own, rows])])
      const counts = this.add('Or', [isPast, this.add('And', [isNew, isBefore])])
      const mask = this.add('Where', [counts, this.float(0), this.float(hidden)])
      return this.add('Tile', [mask, this.integers([1, 1, groups, 1])])
    })
  }

  private range(count: string): string {
    return this.once(`range ${count}`, () => this.add('Range', [this.integers([0], []), count, this.integers([1], [])]))
  }

  private integers(values: readonly number[], dimensions: readonly number[] = [values.length]): string {
    return this.once(`integers ${dimensions.length} ${values.join(' ')}`, () => {
      const name = this.graph.newName('parts_integers')
      this.graph.addWeight(newIntegers(name, dimensions, values.map(BigInt)))
      return name
    })
  }

  private float(value: number): string {
    return this.once(`float ${value}`, () => {
      const name = this.graph.newName('parts_float')
      this.graph.addWeight(newFloat(name, value))
      return name
    })
  }

  /** A value in parts along its last axis. */
  private split(x: string, sizes: string, parts: number, before: GraphNode): string[] {
    const names = Array.from({ length: parts }, () => this.graph.newName('parts_Split'))
    this.graph.addNode(newNode('Split', [x, sizes], names, { axis: -1 }), before)
    return names
  }

  private add(operator: string, inputs: readonly string[], attributes: Attributes = {}, place: Place = {}): string {
    const { before = this.first, output = this.graph.newName(`parts_${operator.split(':').at(-1)}`) } = place
    this.graph.addNode(newNode(operator, inputs, output, attributes), before)
    return output
  }

  private once(key: string, write: () => string): string {
    const known = this.shared.get(key)
    if (known !== undefined) return known
    const name = write()
    this.shared.set(key, name)
    return name
  }
}
