import type { GraphBuilder, Place } from './graph-builder.js'

/** What weights are called in the graphs: as in the GGUF file, where they have its layout. */
export const names = {
  embedding: 'token_embd.weight',
  output: 'output.weight',
  rows: 'token_embd.weight as rows',
  numbers: (matrix: string): string => `${matrix} numbers`,
  scales: (matrix: string): string => `${matrix} scales`,
  numbersAsRows: 'token_embd.weight numbers as rows',
  scalesAsRows: 'token_embd.weight scales as rows',
  cosines: 'table of cosines',
  sines: 'table of sines',
} as const

/** The part of the output matrix for the tokens from `first` on. */
export function outputName(first: number | ''): string {
  return `output from ${first}`
}

/** Weights that lie in a file, as they are used in graphs. What is stored in half precision is widened first. */
export class Weights {
  private readonly places: ReadonlyMap<string, Place>
  private readonly tied: boolean

  constructor(places: ReadonlyMap<string, Place>, tied: boolean) {
    this.places = places
    this.tied = tied
  }

  has(name: string): boolean {
    return this.places.has(name)
  }

  /** @param part `blk.0.attn_q` */
  hasMatrix(part: string): boolean {
    return this.has(`${part}.weight`) || this.has(names.numbers(`${part}.weight`))
  }

  /** A tensor as it is. */
  get(graph: GraphBuilder, name: string): string {
    return graph.stored(name, this.places.get(name)!)
  }

  /** The embeddings of `ids`. */
  embed(graph: GraphBuilder, ids: string): string {
    if (!this.has(names.numbersAsRows))
      return this.widened(graph, names.rows, (rows) => graph.node('Gather', [rows, ids]))
    return graph.node(
      'GatherBlockQuantized',
      [this.get(graph, names.numbersAsRows), ids, this.get(graph, names.scalesAsRows)],
      {
        attributes: { bits: this.bitsOf(names.embedding), block_size: 32, gather_axis: 0, quantize_axis: 1 },
        domain: 'com.microsoft',
      },
    )
  }

  /** `x` times a matrix, and plus its bias where it has one. */
  multiply(graph: GraphBuilder, x: string, part: string): string {
    const product = this.product(graph, x, `${part}.weight`)
    const bias = `${part}.bias`
    return this.has(bias) ? graph.node('Add', [product, this.get(graph, bias)]) : product
  }

  /**
   * The logits of hidden states `x`, in pieces: one for each block of tokens whose weights lie together.
   *
   * @param shapeFor The shape of a piece for so many tokens.
   */
  logits(
    graph: GraphBuilder,
    x: string,
    shapeFor: (tokens: number) => string,
  ): { readonly value: string; readonly tokens: number }[] {
    const whole = this.tied ? names.embedding : names.output
    const [blocked] = this.places.get(names.numbers(whole))?.dimensions ?? []
    if (blocked !== undefined) return [{ value: this.product(graph, x, whole), tokens: blocked }]
    const parts = [...this.places.keys()].filter((name) => name.startsWith(outputName('')))
    if (!this.tied) {
      return parts.map((name) => ({
        value: this.product(graph, x, name),
        tokens: this.places.get(name)!.dimensions[1]!,
      }))
    }
    // The rows that are looked up, multiplied with as they lie: Gemm can, but only takes matrices.
    const shape = graph.integers([-1, this.places.get(names.rows)!.dimensions[1]!])
    const states = graph.node('Reshape', [x, shape])
    return (parts.length > 0 ? parts : [names.rows]).map((name) => {
      const tokens = this.places.get(name)!.dimensions[0]!
      const rows = this.widened(graph, name, (stored) => stored)
      const product = graph.node('Gemm', [states, rows], { attributes: { transB: 1 } })
      return { value: graph.node('Reshape', [product, shapeFor(tokens)]), tokens }
    })
  }

  private product(graph: GraphBuilder, x: string, matrix: string): string {
    if (!this.has(names.numbers(matrix))) {
      return graph.node('MatMul', [x, this.widened(graph, matrix, (stored) => stored)])
    }
    const [rows, blocks] = this.places.get(names.numbers(matrix))!.dimensions as [number, number]
    return graph.node(
      'MatMulNBits',
      [x, this.get(graph, names.numbers(matrix)), this.get(graph, names.scales(matrix))],
      {
        attributes: { K: blocks * 32, N: rows, bits: this.bitsOf(matrix), block_size: 32 },
        domain: 'com.microsoft',
      },
    )
  }

  private bitsOf(matrix: string): number {
    return this.places.get(names.numbers(matrix))!.dimensions[2]! / 4
  }

  private widened(graph: GraphBuilder, name: string, use: (stored: string) => string): string {
    const used = use(this.get(graph, name))
    const isHalf = this.places.get(name)!.type === 'float16'
    return isHalf ? graph.node('Cast', [used], { attributes: { to: 1 } }) : used
  }
}
