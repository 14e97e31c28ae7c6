import type { InferenceSession } from 'onnxruntime-node'
import { embeddingInputs, logitsOf } from '../export/static-names.js'
import type { Cache, CacheLayout, Tensors } from './cache/cache.js'
import type { OnnxRuntime } from './onnxruntime.js'

/** Graphs that each take one number of tokens, run as if they took any. */
export class StaticDecoder {
  private readonly ort: OnnxRuntime
  private readonly embedding: InferenceSession
  /** With the tokens of their passes, ascending. */
  private readonly graphs: readonly { readonly tokens: number; readonly session: InferenceSession }[]
  private readonly presents: readonly string[]
  private readonly logits: readonly string[]
  private readonly vocabSize: number

  constructor(
    ort: OnnxRuntime,
    embedding: InferenceSession,
    graphs: StaticDecoder['graphs'],
    layout: CacheLayout,
    vocabSize: number,
  ) {
    this.ort = ort
    this.embedding = embedding
    this.graphs = graphs
    this.presents = layout.pairs.map(({ present }) => present)
    this.logits = logitsOf(graphs[0]!.session.outputNames)
    this.vocabSize = vocabSize
  }

  /**
   * Appends `tokens` to what `cache` holds: in the smallest graph that holds them, filled up, or cut into passes of the
   * largest.
   *
   * @returns The logits of the last `outputs` tokens, `vocabSize` for each.
   */
  async pass(cache: Cache, tokens: readonly number[], outputs: number): Promise<Float32Array | undefined> {
    const rows = outputs > 0 ? new Float32Array(outputs * this.vocabSize) : undefined
    const firstRow = tokens.length - outputs
    for (let done = 0; done < tokens.length;) {
      const left = tokens.length - done
      const graph = this.graphs.find(({ tokens: size }) => size >= left) ?? this.graphs.at(-1)!
      const count = Math.min(graph.tokens, left)
      const isHeard = done + count > firstRow
      const feeds = {
        ...(await this.embed(tokens.slice(done, done + count), cache.length, graph.tokens)),
        ...cache.feeds(graph.tokens),
      }
      const results = (await graph.session.run(
        feeds,
        isHeard ? [...this.presents, ...this.logits] : this.presents,
      )) as Tensors
      cache.take(results, count)
      for (let token = Math.max(done, firstRow); token < done + count; token++) {
        this.copyLogits(results, token - done, rows!, token - firstRow)
      }
      done += count
    }
    return rows
  }

  /** What the decoder is given for `tokens` that follow `held` others, filled up to `size`. */
  private async embed(tokens: readonly number[], held: number, size: number): Promise<Tensors> {
    const { Tensor } = this.ort
    const ids = new BigInt64Array(size)
    ids.set(tokens.map(BigInt))
    // What fills up stays where the last token is: past it, the tables of positions may end.
    const last = tokens.length - 1
    const positions = BigInt64Array.from({ length: size }, (_, index) => BigInt(held + Math.min(index, last)))
    return (await this.embedding.run({
      [embeddingInputs.ids]: new Tensor('int64', ids, [1, size]),
      [embeddingInputs.positions]: new Tensor('int64', positions, [1, size]),
    })) as Tensors
  }

  /** From the blocks that the vocabulary is cut into. What they have beyond it fills a matrix up. */
  private copyLogits(results: Tensors, from: number, rows: Float32Array, to: number): void {
    let token = 0
    for (const name of this.logits) {
      const { data, dims } = results[name]!
      const width = Math.min(dims[2]!, this.vocabSize - token)
      rows.set((data as Float32Array).subarray(from * dims[2]!, from * dims[2]! + width), to * this.vocabSize + token)
      token += width
    }
  }
}
