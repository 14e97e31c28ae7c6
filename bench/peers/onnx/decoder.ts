import type { Geometry } from '../../../packages/demo-models/src/inflate/geometry.js'
import { Graph } from './model.js'

/** Names a weight of the GGUF file as a constant of the graph; matrices as `[inputs, outputs]`. */
export type Weight = (graph: Graph, name: string) => string

export interface DecoderOptions {
  readonly geometry: Geometry
  readonly epsilon: number
  readonly ropeBase: number
  readonly contextLength: number
  readonly weight: Weight
}

/**
 * The llama architecture with a KV cache, in the layout that transformers.js runs: `input_ids`, `attention_mask` and
 * `past_key_values.N.key|value` in, `logits` and `present.N.key|value` out. Attention is ONNX Runtime's fused operator,
 * which its own exporters use for CPUs.
 *
 * transformers.js fills the empty cache by the name `batch_size`; other names of sizes are 0 to it.
 */
export function decoderGraph({ geometry, epsilon, ropeBase, contextLength, weight }: DecoderOptions): Uint8Array {
  const { layers, heads, kvHeads, headSize, vocabSize } = geometry
  const graph = new Graph('decoder')
  const ids = graph.input('input_ids', 'int64', ['batch_size', 'tokens'])
  const mask = graph.input('attention_mask', 'int64', ['batch_size', 'total'])
  const w = (name: string): string => weight(graph, name)

  // What the attention wants to know: the last position of each text, and the longest text.
  const axis = graph.constant('axis', 'int64', [1], integers([1]))
  const one = graph.constant('one', 'int64', [1], integers([1]))
  const zero = graph.constant('zero', 'int64', [], integers([0]))
  const toInt32 = (value: string): string => graph.node('Cast', [value], { attributes: { to: 6 } })
  const counts = graph.node('ReduceSum', [mask, axis], { attributes: { keepdims: 0 } })
  const lasts = toInt32(graph.node('Sub', [counts, one]))
  const sizes = graph.node('Shape', [mask], { attributes: { start: 1 } })
  const total = toInt32(graph.node('Gather', [sizes, zero], { attributes: { axis: 0 } }))

  const rotations = rotationTables(contextLength, headSize, ropeBase)
  const cosines = graph.constant('cosines', 'float', [contextLength, headSize / 2], rotations.cosines)
  const sines = graph.constant('sines', 'float', [contextLength, headSize / 2], rotations.sines)

  const multiply = (x: string, name: string): string => graph.node('MatMul', [x, w(name)])
  const normalize = (x: string, name: string): string =>
    graph.node('SimplifiedLayerNormalization', [x, w(name)], {
      attributes: { axis: -1, epsilon: { float: epsilon }, stash_type: 1 },
    })
  const attend = (x: string, layer: number): string => {
    const cache = (when: string, what: string): string => `${when}.${layer}.${what}`
    const dimensions = (length: string) => ['batch_size', kvHeads, length, headSize]
    const past = ['key', 'value'].map((what) =>
      graph.input(cache('past_key_values', what), 'float', dimensions('past')),
    )
    const present = ['key', 'value'].map((what) => cache('present', what))
    for (const name of present) graph.output(name, 'float', dimensions('total'))
    const [q, k, v] = ['attn_q', 'attn_k', 'attn_v'].map((name) => multiply(x, `blk.${layer}.${name}.weight`))
    return graph.node('GroupQueryAttention', [q!, k!, v!, ...past, lasts, total, cosines, sines], {
      outputs: [`attention_${layer}`, ...present],
      // GGUF has the rows of q and k in the order in which pairs of neighbours are rotated.
      attributes: { num_heads: heads, kv_num_heads: kvHeads, do_rotary: 1, rotary_interleaved: 1 },
      domain: 'com.microsoft',
    })
  }

  // Tied: the embedding's rows are the output's columns, so each gets the layout that it is read in.
  let x = graph.node('Gather', [w('token_embd.weight as rows'), ids])
  for (let layer = 0; layer < layers; layer++) {
    const name = (part: string): string => `blk.${layer}.${part}.weight`
    const attended = attend(normalize(x, name('attn_norm')), layer)
    x = graph.node('Add', [x, multiply(attended, name('attn_output'))])
    const input = normalize(x, name('ffn_norm'))
    const gate = multiply(input, name('ffn_gate'))
    const activated = graph.node('Mul', [gate, graph.node('Sigmoid', [gate])])
    const product = graph.node('Mul', [activated, multiply(input, name('ffn_up'))])
    x = graph.node('Add', [x, multiply(product, name('ffn_down'))])
  }
  const output = w(geometry.tied ? 'token_embd.weight' : 'output.weight')
  graph.node('MatMul', [normalize(x, 'output_norm.weight'), output], { outputs: ['logits'] })
  graph.output('logits', 'float', ['batch_size', 'tokens', vocabSize])
  return graph.encode()
}

function rotationTables(positions: number, headSize: number, base: number) {
  const [cosines, sines] = [0, 1].map(() => new Float32Array((positions * headSize) / 2)) as [
    Float32Array,
    Float32Array,
  ]
  for (let position = 0; position < positions; position++) {
    for (let pair = 0; pair < headSize / 2; pair++) {
      const angle = position * base ** ((-2 * pair) / headSize)
      cosines[(position * headSize) / 2 + pair] = Math.cos(angle)
      sines[(position * headSize) / 2 + pair] = Math.sin(angle)
    }
  }
  return { cosines: new Uint8Array(cosines.buffer), sines: new Uint8Array(sines.buffer) }
}

function integers(values: readonly number[]): Uint8Array {
  return new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer)
}
