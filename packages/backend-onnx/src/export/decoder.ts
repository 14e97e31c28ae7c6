import type { Architecture } from './architecture.js'
import { GraphBuilder } from './graph-builder.js'
import { names, type Weights } from './weights.js'

/**
 * A decoder with a KV cache, in the layout of the Hub's exports: `input_ids`, `attention_mask`, `num_logits_to_keep` (0:
 * all) and `past_key_values.N.key|value` in, `logits` and `present.N.key|value` out. Attention is ONNX Runtime's fused
 * operator, which counts positions and rotates by itself.
 *
 * Runtimes fill the empty cache by the name `batch_size`; other names of sizes are 0 to them.
 */
export function decoderGraph(architecture: Architecture, weights: Weights): Uint8Array {
  const { layers, heads, kvHeads, headSize, epsilon, vocabSize } = architecture
  const graph = new GraphBuilder('decoder')
  const ids = graph.input('input_ids', 'int64', ['batch_size', 'tokens'])
  const mask = graph.input('attention_mask', 'int64', ['batch_size', 'total'])

  // What the attention wants to know: the last position of each text, and the longest text.
  const toInt32 = (value: string): string => graph.node('Cast', [value], { attributes: { to: 6 } })
  const counts = graph.node('ReduceSum', [mask, graph.integers([1])], { attributes: { keepdims: 0 } })
  const lasts = toInt32(graph.node('Sub', [counts, graph.integers([1])]))
  const sizes = graph.node('Shape', [mask], { attributes: { start: 1 } })
  const total = toInt32(graph.node('Gather', [sizes, graph.integers([0], [])], { attributes: { axis: 0 } }))
  const [cosines, sines] = [weights.get(graph, names.cosines), weights.get(graph, names.sines)]

  const normalize = (x: string, name: string): string =>
    graph.node('SimplifiedLayerNormalization', [x, weights.get(graph, `${name}.weight`)], {
      attributes: { axis: -1, epsilon: { float: epsilon }, stash_type: 1 },
    })
  /** Head by head. A size of 0 is the one that is there. */
  const normalizeHeads = (x: string, name: string, count: number): string => {
    const split = graph.node('Reshape', [x, graph.integers([0, 0, count, headSize])])
    return graph.node('Reshape', [normalize(split, name), graph.integers([0, 0, count * headSize])])
  }
  const products = (x: string, part: (name: string) => string): [q: string, k: string, v: string] => {
    if (!weights.hasMatrix(part('attn_qkv'))) {
      const [q, k, v] = ['q', 'k', 'v'].map((name) => weights.multiply(graph, x, part(`attn_${name}`)))
      return [q!, k!, v!]
    }
    const together = weights.multiply(graph, x, part('attn_qkv'))
    // The attention takes all three in the place of the first, too.
    if (!architecture.headNorms) return [together, '', '']
    const outputs = ['q', 'k', 'v'].map((name) => `${together}_${name}`) as [string, string, string]
    const sizes = graph.integers([heads, kvHeads, kvHeads].map((count) => count * headSize))
    graph.node('Split', [together, sizes], { outputs, attributes: { axis: -1 } })
    return outputs
  }
  const attentionInputs = (x: string, part: (name: string) => string): string[] => {
    const [q, k, v] = products(x, part)
    if (!architecture.headNorms) return [q, k, v]
    return [normalizeHeads(q, part('attn_q_norm'), heads), normalizeHeads(k, part('attn_k_norm'), kvHeads), v]
  }

  const attend = (x: string, layer: number): string => {
    const part = (name: string): string => `blk.${layer}.${name}`
    const cache = (when: string, what: string): string => `${when}.${layer}.${what}`
    const dimensions = (length: string) => ['batch_size', kvHeads, length, headSize]
    const past = ['key', 'value'].map((what) =>
      graph.input(cache('past_key_values', what), 'float', dimensions('past')),
    )
    const present = ['key', 'value'].map((what) => cache('present', what))
    for (const name of present) graph.output(name, 'float', dimensions('total'))
    return graph.node('GroupQueryAttention', [...attentionInputs(x, part), ...past, lasts, total, cosines, sines], {
      outputs: [`attention_${layer}`, ...present],
      attributes: { num_heads: heads, kv_num_heads: kvHeads, do_rotary: 1, rotary_interleaved: 0 },
      domain: 'com.microsoft',
    })
  }

  let x = weights.embed(graph, ids)
  for (let layer = 0; layer < layers; layer++) {
    const part = (name: string): string => `blk.${layer}.${name}`
    const attended = attend(normalize(x, part('attn_norm')), layer)
    x = graph.node('Add', [x, weights.multiply(graph, attended, part('attn_output'))])
    const input = normalize(x, part('ffn_norm'))
    const gate = weights.multiply(graph, input, part('ffn_gate'))
    const activated = graph.node('Mul', [gate, graph.node('Sigmoid', [gate])])
    const product = graph.node('Mul', [activated, weights.multiply(graph, input, part('ffn_up'))])
    x = graph.node('Add', [x, weights.multiply(graph, product, part('ffn_down'))])
  }

  const keep = graph.input('num_logits_to_keep', 'int64', [])
  // From -keep to the end; -0 is the start.
  const first = graph.node('Reshape', [graph.node('Neg', [keep]), graph.integers([1])])
  const kept = graph.node('Slice', [x, first, graph.integers([2 ** 53 - 1]), graph.integers([1])])
  const shapeFor = (tokens: number): string => {
    const texts = graph.node('Shape', [kept], { attributes: { start: 0, end: 2 } })
    return graph.node('Concat', [texts, graph.integers([tokens])], { attributes: { axis: 0 } })
  }
  const [logits] = weights.logits(graph, normalize(kept, 'output_norm'), shapeFor)
  graph.node('Identity', [logits!.value], { outputs: ['logits'] })
  graph.output('logits', 'float', ['batch_size', 'kept', vocabSize])
  return graph.encode()
}
