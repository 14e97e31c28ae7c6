import type { GraphNode } from '../graph/node.js'
import { type Attention, isAttention, readAttention } from './attention.js'
import type { GraphEdit } from './graph-edit.js'
import { type Attributes, int64, newFloat, newIntegers, newNode } from './write.js'

/** What is added to the scores of rows that do not count: they weigh nothing afterwards. */
const hidden = -3e38

/** `[texts, tokens, heads, size]` to `[texts, heads, tokens, size]`, and back. */
const headsFirst = { perm: [0, 2, 1, 3] }

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
    // Heads that share keys and values are rows of one product: `[texts, kvHeads, heads / kvHeads * tokens, size]`.
    const queries = add('Reshape', [this.queries(layer), this.integers([0, kvHeads, -1, size])])
    const scores = [inputs.pastKey, outputs.presentKey].map((keys) =>
      add('com.microsoft:FusedMatMul', [queries, keys], { alpha: { float: layer.scale }, transB: 1 }),
    )
    const counted = add('Add', [add('Concat', scores, { axis: -1 }), this.mask(layer)])
    const weights = { past: this.graph.newName('parts_past'), fresh: this.graph.newName('parts_fresh') }
    this.split(add('Softmax', [counted], { axis: -1 }), this.sizes(layer), Object.values(weights), -1, node)
    const sums = [add('MatMul', [weights.past, inputs.pastValue]), add('MatMul', [weights.fresh, outputs.presentValue])]
    const all = add('Reshape', [add('Add', sums), this.integers([0, heads, -1, size])])
    add('Reshape', [add('Transpose', [all], headsFirst), this.integers([0, 0, heads * size])], {}, outputs.attended)
  }

  /**
   * `[texts, heads, tokens, size]`. Keys and values, which become the outputs of the cache, are put heads first and turned
   * by their positions together with them: a pass over one token is mostly many small nodes.
   */
  private queries({ node, heads, kvHeads, size, rotary, inputs, outputs }: Attention): string {
    const place = { before: node }
    const parts = [inputs.query, inputs.key, inputs.value]
    const joined = inputs.key === '' ? inputs.query : this.add('Concat', parts, { axis: -1 }, place)
    const apart = this.add('Reshape', [joined, this.integers([0, 0, heads + 2 * kvHeads, size])], {}, place)
    const all = this.add('Transpose', [apart], headsFirst, place)
    const queries = this.graph.newName('parts_queries')
    if (!rotary) {
      const names = [queries, outputs.presentKey, outputs.presentValue]
      this.split(all, this.integers([heads, kvHeads, kvHeads]), names, 1, node)
      return queries
    }
    const unturned = this.graph.newName('parts_unturned')
    this.split(all, this.integers([heads + kvHeads, kvHeads]), [unturned, outputs.presentValue], 1, node)
    const from = [unturned, this.positions(inputs.lasts), rotary.cosines, rotary.sines]
    const turned = this.add('com.microsoft:RotaryEmbedding', from, { interleaved: Number(rotary.interleaved) }, place)
    this.split(turned, this.integers([heads, kvHeads]), [queries, outputs.presentKey], 1, node)
    return queries
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

  private split(x: string, sizes: string, parts: readonly string[], axis: number, before: GraphNode): void {
    this.graph.addNode(newNode('Split', [x, sizes], parts, { axis }), before)
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
