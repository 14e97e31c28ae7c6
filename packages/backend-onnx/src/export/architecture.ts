import { ForetokenError } from '@foretoken/core'
import { type GgufFile, numberOf, textOf } from '@foretoken/gguf'

/** The architectures that can be exported: one decoder, with small differences. */
export const architectures = ['llama', 'qwen2', 'qwen3'] as const

/** What the decoder of a GGUF file is like: its sizes, in elements, heads and layers, and what it has beyond the common. */
export interface Architecture {
  readonly name: (typeof architectures)[number]
  readonly hidden: number
  readonly layers: number
  readonly feedForward: number
  readonly heads: number
  readonly kvHeads: number
  readonly headSize: number
  readonly vocabSize: number
  /** In tokens. */
  readonly contextLength: number
  /** Of the RMS norms. */
  readonly epsilon: number
  readonly ropeBase: number
  /** What positions are divided by. 1: nothing. */
  readonly ropeScale: number
  /** Whether the output matrix is the embedding. */
  readonly tied: boolean
  /** Whether queries and keys are normalised, head by head. */
  readonly headNorms: boolean
  /** Whether the file has the rows of q and k so that neighbours are rotated together, and not halves of a head. */
  readonly interleaved: boolean
}

/**
 * What `file` is.
 *
 * @throws `model-file` when it is of another architecture, has experts, or has tensors that we know nothing of.
 */
export function architectureOf(file: GgufFile): Architecture {
  const { metadata, tensors } = file
  const refuse = (why: string): never => {
    throw new ForetokenError('model-file', `${file.path} cannot be converted to ONNX: ${why}.`)
  }
  const given = textOf(metadata, 'general.architecture')
  const name = architectures.find((one) => one === given)
  if (name === undefined) {
    return refuse(`its architecture is ${given ?? 'not given'}, and only ${architectures.join(', ')} can be`)
  }
  if ((numberOf(metadata, `${name}.expert_count`) ?? 0) > 0)
    refuse('it is a mixture of experts, and only dense models can be')
  const number = (key: string): number =>
    numberOf(metadata, `${name}.${key}`) ?? refuse(`its metadata has no ${name}.${key}`)
  const optional = (key: string): number | undefined => numberOf(metadata, `${name}.${key}`)

  const hidden = number('embedding_length')
  const heads = number('attention.head_count')
  const headSize = optional('attention.key_length') ?? hidden / heads
  const scaling = textOf(metadata, `${name}.rope.scaling.type`) ?? 'linear'
  if (scaling !== 'none' && scaling !== 'linear') {
    refuse(`its positions are scaled by the method "${scaling}", and only "linear" is known`)
  }
  // llama.cpp takes 0 for nothing.
  const scale = optional('rope.scaling.factor') || optional('rope.scale_linear') || 1
  const architecture: Architecture = {
    name,
    hidden,
    heads,
    headSize,
    layers: number('block_count'),
    feedForward: number('feed_forward_length'),
    kvHeads: optional('attention.head_count_kv') ?? heads,
    vocabSize: tensors.get('token_embd.weight')?.dimensions[1] ?? refuse('it has no tensor token_embd.weight'),
    contextLength: number('context_length'),
    epsilon: number('attention.layer_norm_rms_epsilon'),
    ropeBase: optional('rope.freq_base') ?? 10_000,
    ropeScale: scaling === 'linear' ? scale : 1,
    tied: !tensors.has('output.weight'),
    headNorms: name === 'qwen3',
    interleaved: name === 'llama',
  }
  if ((optional('attention.value_length') ?? headSize) !== headSize) refuse('its keys and values differ in size')
  if ((optional('rope.dimension_count') ?? headSize) !== headSize) refuse('only a part of each head is rotated')

  const shapes = new Map([...requiredTensors(architecture), ...optionalTensors(architecture)])
  for (const [tensor, { dimensions }] of tensors) {
    const shape = shapes.get(tensor) ?? refuse(`it has the tensor ${tensor}, which a ${name} model has not`)
    if (dimensions.join() !== shape.join()) {
      refuse(`the tensor ${tensor} is ${dimensions.join(' x ')} where its metadata makes it ${shape.join(' x ')}`)
    }
  }
  for (const [tensor] of requiredTensors(architecture)) if (!tensors.has(tensor)) refuse(`it has no tensor ${tensor}`)
  return architecture
}

/** The tensors that there must be, with their sizes as GGUF has them: columns, rows. */
function requiredTensors(of: Architecture): [name: string, dimensions: readonly number[]][] {
  const queries = of.heads * of.headSize
  const keys = of.kvHeads * of.headSize
  const layer: [string, readonly number[]][] = [
    ['attn_norm', [of.hidden]],
    ['attn_q', [of.hidden, queries]],
    ['attn_k', [of.hidden, keys]],
    ['attn_v', [of.hidden, keys]],
    ['attn_output', [queries, of.hidden]],
    ['ffn_norm', [of.hidden]],
    ['ffn_gate', [of.hidden, of.feedForward]],
    ['ffn_up', [of.hidden, of.feedForward]],
    ['ffn_down', [of.feedForward, of.hidden]],
  ]
  if (of.headNorms) layer.push(['attn_q_norm', [of.headSize]], ['attn_k_norm', [of.headSize]])
  return [
    ['token_embd.weight', [of.hidden, of.vocabSize]],
    ['output_norm.weight', [of.hidden]],
    ...inLayers(of, layer, 'weight'),
  ]
}

function optionalTensors(of: Architecture): [name: string, dimensions: readonly number[]][] {
  const keys = of.kvHeads * of.headSize
  return [
    ['output.weight', [of.hidden, of.vocabSize]],
    // Frequencies are divided by these: how Llama 3 reaches further.
    ['rope_freqs.weight', [of.headSize / 2]],
    ...inLayers(
      of,
      [
        ['attn_q', [of.heads * of.headSize]],
        ['attn_k', [keys]],
        ['attn_v', [keys]],
      ],
      'bias',
    ),
  ]
}

function inLayers(
  { layers }: Architecture,
  tensors: readonly [name: string, dimensions: readonly number[]][],
  kind: 'weight' | 'bias',
): [string, readonly number[]][] {
  return Array.from({ length: layers }, (_, layer) =>
    tensors.map(([name, dimensions]): [string, readonly number[]] => [`blk.${layer}.${name}.${kind}`, dimensions]),
  ).flat()
}
