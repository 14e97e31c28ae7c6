import { ForetokenError } from '@foretoken/core'
import type { Architecture } from './architecture.js'
import { largestDimension } from './coreml-operators.js'
import { type Dimensions, GraphBuilder } from './graph-builder.js'
import { embeddingInputs, staticInputs, staticOutputs } from './static-names.js'
import { names, type Weights } from './weights.js'

/** The sizes that a static graph is made for. */
export interface StaticSizes {
  /** In a pass. */
  readonly tokens: number
  /** In the cache that it looks back on. */
  readonly contextLength: number
}

/** Embeddings and rotations: tables with more rows than CoreML takes, which are looked up on the CPU. */
export function embeddingGraph({ hidden, headSize }: Architecture, weights: Weights): Uint8Array {
  const graph = new GraphBuilder('embedding')
  const ids = graph.input(embeddingInputs.ids, 'int64', [1, 'tokens'])
  const positions = graph.input(embeddingInputs.positions, 'int64', [1, 'tokens'])
  const give = (value: string, name: string, dimensions: Dimensions): void => {
    graph.node('Identity', [value], { outputs: [name] })
    graph.output(name, 'float', dimensions)
  }
  give(weights.embed(graph, ids), staticInputs.embeddings, [1, 'tokens', hidden])
  for (const [table, name] of [
    [names.cosines, staticInputs.cosines],
    [names.sines, staticInputs.sines],
  ] as const) {
    const rows = graph.node('Gather', [weights.get(graph, table), positions])
    give(graph.node('Unsqueeze', [rows, graph.integers([1])]), name, [1, 1, 'tokens', headSize / 2])
  }
  return graph.encode()
}

/**
 * The decoder for passes of a fixed number of tokens over a cache of a fixed size, of nothing but what CoreML takes:
 * see {@link staticInputs} and {@link staticOutputs} for what goes in and out.
 */
export function staticGraph(architecture: Architecture, weights: Weights, sizes: StaticSizes): Uint8Array {
  const { hidden, layers, heads, kvHeads, headSize, epsilon } = architecture
  const { tokens, contextLength } = sizes
  const graph = new GraphBuilder('static decoder')
  const [embeddings, mask, cosines, sines] = (
    [
      [staticInputs.embeddings, [1, tokens, hidden]],
      [staticInputs.mask, [1, 1, tokens, contextLength + tokens]],
      [staticInputs.cosines, [1, 1, tokens, headSize / 2]],
      [staticInputs.sines, [1, 1, tokens, headSize / 2]],
    ] as const
  ).map(([name, dimensions]) => graph.input(name, 'float', dimensions)) as [string, string, string, string]
  const cacheInput = (name: string): string => graph.input(name, 'float', [1, kvHeads, contextLength, headSize])
  const cacheOutput = (value: string, name: string): string => {
    graph.output(name, 'float', [1, kvHeads, tokens, headSize])
    return graph.node('Identity', [value], { outputs: [name] })
  }

  const two = (operator: string, a: string, b: string): string => graph.node(operator, [a, b])
  const joined = (values: readonly string[], axis: number): string =>
    graph.node('Concat', values, { attributes: { axis } })
  const transposed = (x: string, perm: readonly number[]): string =>
    graph.node('Transpose', [x], { attributes: { perm } })
  const reshaped = (x: string, shape: readonly number[]): string => two('Reshape', x, graph.integers(shape))

  const normalize = (x: string, name: string): string => {
    const squares = graph.node('ReduceMean', [two('Mul', x, x)], { attributes: { axes: [-1], keepdims: 1 } })
    const size = graph.node('Sqrt', [two('Add', squares, graph.number(epsilon))])
    return two('Mul', two('Div', x, size), weights.get(graph, `${name}.weight`))
  }
  /** `[1, tokens, heads * headSize]` to `[1, heads, tokens, headSize]`, normalised head by head where `norm` says so. */
  const byHead = (x: string, count: number, norm?: string): string => {
    const split = reshaped(x, [1, tokens, count, headSize])
    return transposed(norm === undefined ? split : normalize(split, norm), [0, 2, 1, 3])
  }
  const rotate = (x: string): string => {
    const halves = [`${x}_left`, `${x}_right`] as const
    graph.node('Split', [x, graph.integers([headSize / 2, headSize / 2])], { outputs: halves, attributes: { axis: 3 } })
    const [left, right] = halves
    return joined(
      [
        two('Sub', two('Mul', left, cosines), two('Mul', right, sines)),
        two('Add', two('Mul', right, cosines), two('Mul', left, sines)),
      ],
      3,
    )
  }

  const attend = (x: string, layer: number): string => {
    const part = (name: string): string => `blk.${layer}.${name}`
    const norm = (name: string): string | undefined => (architecture.headNorms ? part(name) : undefined)
    const [q, k, v] = ['attn_q', 'attn_k', 'attn_v'].map((name) => weights.multiply(graph, x, part(name)))
    const queries = rotate(byHead(q!, heads, norm('attn_q_norm')))
    const newKeys = cacheOutput(rotate(byHead(k!, kvHeads, norm('attn_k_norm'))), staticOutputs.newKey(layer))
    const newValues = cacheOutput(byHead(v!, kvHeads), staticOutputs.newValue(layer))
    const keys = joined([cacheInput(staticInputs.pastKey(layer)), newKeys], 2)
    const values = joined([cacheInput(staticInputs.pastValue(layer)), newValues], 2)

    // The heads that share keys are one below the other, as if they were more tokens.
    const shared = heads / kvHeads
    const scaled = two('Mul', queries, graph.number(headSize ** -0.5))
    const rows = reshaped(scaled, [1, kvHeads, shared * tokens, headSize])
    const scores = reshaped(two('MatMul', rows, transposed(keys, [0, 1, 3, 2])), [
      1,
      heads,
      tokens,
      contextLength + tokens,
    ])
    const shares = graph.node('Softmax', [two('Add', scores, mask)], { attributes: { axis: -1 } })
    const mixed = two('MatMul', reshaped(shares, [1, kvHeads, shared * tokens, contextLength + tokens]), values)
    const perToken = transposed(reshaped(mixed, [1, heads, tokens, headSize]), [0, 2, 1, 3])
    return weights.multiply(graph, reshaped(perToken, [1, tokens, heads * headSize]), part('attn_output'))
  }

  let x = embeddings
  for (let layer = 0; layer < layers; layer++) {
    const part = (name: string): string => `blk.${layer}.${name}`
    x = two('Add', x, attend(normalize(x, part('attn_norm')), layer))
    const input = normalize(x, part('ffn_norm'))
    const gate = weights.multiply(graph, input, part('ffn_gate'))
    const activated = two('Mul', gate, graph.node('Sigmoid', [gate]))
    const product = two('Mul', activated, weights.multiply(graph, input, part('ffn_up')))
    x = two('Add', x, weights.multiply(graph, product, part('ffn_down')))
  }
  const shapeFor = (count: number): string => graph.integers([1, tokens, count])
  for (const [block, logits] of weights.logits(graph, normalize(x, 'output_norm'), shapeFor).entries()) {
    graph.node('Identity', [logits.value], { outputs: [staticOutputs.logits(block)] })
    graph.output(staticOutputs.logits(block), 'float', [1, tokens, logits.tokens])
  }
  return graph.encode()
}

/** @throws `model-file` when the model is too large for CoreML in any of its dimensions. */
export function checkSizes(
  path: string,
  { hidden, feedForward, heads, headSize, kvHeads }: Architecture,
  sizes: {
    readonly buckets: readonly number[]
    readonly contextLength: number
  },
): void {
  const tokens = Math.max(...sizes.buckets)
  const dimensions = {
    'its feed-forward layer': feedForward,
    'its width': hidden,
    'all its heads together': heads * headSize,
    'the cache and a pass': sizes.contextLength + tokens,
    'the rows of heads that share keys': (heads / kvHeads) * tokens,
  }
  for (const [what, size] of Object.entries(dimensions)) {
    if (size <= largestDimension) continue
    throw new ForetokenError(
      'model-file',
      `${path} cannot be converted for CoreML, which takes no dimension above ${largestDimension}: ${what} would have ${size}.`,
    )
  }
}
