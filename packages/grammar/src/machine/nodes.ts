import { invalid } from '../invalid.js'
import type { Characters } from '../language/characters.js'
import { type Expression, isEmpty, type Language, type Repeat, repeat, sequence } from '../language/expression.js'
import { sizeOf } from '../language/inline.js'
import { utf8Ranges } from '../language/utf8.js'

/** A point in a rule: what can be done from here. Rules are graphs of these. */
export interface Node {
  readonly id: number
  /** Bytes that lead on. */
  readonly edges: Edge[]
  /** Points that are as good as this one. */
  readonly also: Node[]
  /** Rules that may come next, and where to go on after them. */
  readonly calls: Call[]
  /** A counted repetition that begins here. */
  loop: Loop | undefined
  /** The end of a rule, or of a turn of a loop. Then nothing else is set. */
  readonly end: boolean
}

/** All bytes from `low` to `high`. Once the graph is {@link Program | complete}, classes of bytes. */
export interface Edge {
  low: number
  high: number
  readonly to: Node
}

export interface Call {
  readonly rule: string
  readonly to: Node
}

export interface Loop {
  readonly id: number
  readonly min: number
  readonly max: number
  readonly body: Node
  readonly exit: Node
}

/** A language as graphs over bytes. Bytes that no edge tells apart are one class. */
export interface Program {
  readonly rules: ReadonlyMap<string, Node>
  readonly root: Node
  readonly classOf: Uint8Array
  readonly classes: number
  /** A byte of each class. */
  readonly example: Uint8Array
}

export function buildProgram(language: Language): Program {
  const builder = new Builder()
  const rules = new Map([...language.rules].map(([name, body]) => [name, builder.before(body, builder.end)]))
  return { rules, root: rules.get(language.root)!, ...classify(builder.nodes) }
}

/** Repetitions of at most this many bytes and points are written out; longer ones are counted. */
const writtenOut = 32

/** Far more than any format needs, and as many as fit into a position's key. */
export const mostNodes = 2 ** 20

class Builder {
  readonly nodes: Node[] = []
  readonly end = this.node(true)
  private loops = 0
  private readonly utf8 = new TextEncoder()

  /** The point from which `expression` leads to `next`. Built from its end, so that common ends are shared. */
  before(expression: Expression, next: Node): Node {
    switch (expression.kind) {
      case 'text': {
        const bytes = this.utf8.encode(expression.text)
        return bytes.reduceRight((to, byte) => this.byte(byte, byte, to), next)
      }
      case 'characters':
        return this.character(expression.set, next)
      case 'sequence':
        return expression.items.reduceRight((to, item) => this.before(item, to), next)
      case 'choice': {
        const node = this.node()
        for (const item of expression.items) node.also.push(this.before(item, next))
        return node
      }
      case 'repeat':
        return this.repetition(expression, next)
      case 'rule': {
        const node = this.node()
        node.calls.push({ rule: expression.name, to: next })
        return node
      }
    }
  }

  private repetition({ item, min, max }: Repeat, next: Node): Node {
    if (max === Number.POSITIVE_INFINITY) {
      const node = this.node()
      node.also.push(this.before(item, node), next)
      return min === 0 ? node : this.before(repeat(item, min, min), node)
    }
    if (isEmpty(item)) return next
    if (max * sizeOf(item) <= writtenOut) {
      const required = sequence(...Array.from({ length: min }, () => item))
      let node = next
      for (let i = min; i < max; i++) {
        const more = this.before(item, node)
        node = this.node()
        node.also.push(more, next)
      }
      return this.before(required, node)
    }
    const node = this.node()
    node.loop = { id: this.loops++, min, max, body: this.before(item, this.end), exit: next }
    return node
  }

  private character(set: Characters, next: Node): Node {
    const node = this.node()
    // Characters that end alike share what leads to their ends.
    const tails = new Map<string, Node>()
    const tail = (ranges: readonly (readonly [number, number])[]): Node => {
      if (ranges.length === 0) return next
      const key = ranges.join()
      const known = tails.get(key)
      if (known) return known
      const made = this.byte(ranges[0]![0], ranges[0]![1], tail(ranges.slice(1)))
      tails.set(key, made)
      return made
    }
    for (const [first, last] of set) {
      for (const [[low, high], ...rest] of utf8Ranges(first, last) as [[number, number], ...[number, number][]][]) {
        node.edges.push({ low, high, to: tail(rest) })
      }
    }
    return node
  }

  private byte(low: number, high: number, to: Node): Node {
    const node = this.node()
    node.edges.push({ low, high, to })
    return node
  }

  private node(end = false): Node {
    if (this.nodes.length >= mostNodes) throw invalid('The format is too large: write long repetitions as counts.')
    const node: Node = { id: this.nodes.length, edges: [], also: [], calls: [], loop: undefined, end }
    this.nodes.push(node)
    return node
  }
}

/** Tells apart only the bytes that some edge tells apart: the tables of the machine shrink by what is left. */
function classify(nodes: readonly Node[]): Pick<Program, 'classOf' | 'classes' | 'example'> {
  const begins = new Uint8Array(257)
  for (const { edges } of nodes) {
    for (const { low, high } of edges) begins[low] = begins[high + 1] = 1
  }
  const classOf = new Uint8Array(256)
  const example: number[] = [0]
  for (let byte = 1; byte < 256; byte++) {
    if (begins[byte]) example.push(byte)
    classOf[byte] = example.length - 1
  }
  for (const { edges } of nodes) {
    for (const edge of edges) {
      edge.low = classOf[edge.low]!
      edge.high = classOf[edge.high]!
    }
  }
  return { classOf, classes: example.length, example: Uint8Array.from(example) }
}
