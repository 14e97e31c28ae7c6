import { ForetokenError } from '@foretoken/core'
import type { GraphSummary, ValueInfo } from '../graph/read-graph.js'
import { bad } from './files.js'
import type { ModelConfig } from './read-config.js'

/** How a decoder's graph is to be fed, and what comes back. */
export interface Signature {
  /** Whether it takes `position_ids`; else it counts by itself. */
  readonly usesPositionIds: boolean
  /** The name of the input that says how many of the last rows of logits are wanted; 0 for all. */
  readonly keepsLogits?: string
  readonly layers: number
  readonly cacheType: 'float' | 'float16'
  /** Of `past_key_values.N.key` and `.value`: `[batch, kvHeads, rows, headSize]`, rows being what grows. */
  readonly cacheShape: { readonly kvHeads: number; readonly headSize: number }
  /** `gqa`: GroupQueryAttention reads from the cache as many rows as the mask has. `plain`: it reads all there are. */
  readonly kind: 'gqa' | 'plain'
}

const pastName = /^past_key_values\.(\d+)\.(key|value)$/
const keepNames = ['num_logits_to_keep', 'logits_to_keep']

/**
 * Tells from the inputs and outputs of a graph how to run it: `input_ids`, `attention_mask`, `past_key_values.N.key|value`
 * and, where it has them, `position_ids` and `num_logits_to_keep` in; `logits` and `present.N.key|value` out.
 *
 * @param path Of the file, for the errors.
 * @param config What the graph itself leaves open.
 * @throws `unsupported` when it is no decoder of text with a cache, or takes what we do not know; the message names it.
 * `model-file` when it contradicts itself.
 */
export function checkSignature(
  path: string,
  graph: Pick<GraphSummary, 'inputs' | 'outputs' | 'operators'>,
  config: Pick<ModelConfig, 'kvHeads' | 'headSize' | 'vocabSize'>,
): Signature {
  const inputs = new Map(graph.inputs.map((value) => [value.name, value]))
  const outputs = new Map(graph.outputs.map((value) => [value.name, value]))
  const refuse = (what: string, advice: string): ForetokenError =>
    new ForetokenError('unsupported', `${path} cannot be run: ${what}. ${advice}`)
  mustBeDecoder([...inputs.keys()], [...outputs.keys()], refuse)

  const layers = 1 + Math.max(...[...inputs.keys()].map((name) => Number(pastName.exec(name)?.[1] ?? -1)))
  const parts = Array.from({ length: layers }, (_, layer) => [`${layer}.key`, `${layer}.value`]).flat()
  const caches = parts.map((part) => inputs.get(`past_key_values.${part}`))
  const missing = [
    ...parts.map((part) => `past_key_values.${part}`).filter((name) => !inputs.has(name)),
    ...parts.map((part) => `present.${part}`).filter((name) => !outputs.has(name)),
  ]
  if (missing.length > 0)
    throw bad(path, `${missing.join(', ')} ${missing.length > 1 ? 'are' : 'is'} missing`, 'Export it again.')

  const cache = caches[0]!
  const { type, dimensions } = cache
  if (type !== 'float' && type !== 'float16') throw refuse(`its cache is of type ${type}`, 'Use an fp32 or fp16 cache.')
  const unlike = caches.find((each) => !isLike(each!, cache))
  if (unlike) throw refuse(`${unlike.name} is of another shape than ${cache.name}`, 'Its layers must have like caches.')
  if (dimensions.length !== 4) {
    throw refuse(
      `its cache has ${dimensions.length} dimensions`,
      'Only [batch, heads, tokens, head size] is known here.',
    )
  }
  for (const name of ['input_ids', 'attention_mask', 'position_ids', ...keepNames]) {
    const value = inputs.get(name)
    if (value && value.type !== 'int64') throw refuse(`${name} is of type ${value.type}, not int64`, 'Export it again.')
  }
  mustCover(sizeOr(outputs.get('logits')!.dimensions.at(-1), config.vocabSize), config.vocabSize)
  const keepsLogits = keepNames.find((name) => inputs.has(name))
  return {
    usesPositionIds: inputs.has('position_ids'),
    ...(keepsLogits !== undefined && { keepsLogits }),
    layers,
    cacheType: type,
    cacheShape: { kvHeads: sizeOr(dimensions[1], config.kvHeads), headSize: sizeOr(dimensions[3], config.headSize) },
    kind: graph.operators.has('com.microsoft:GroupQueryAttention') ? 'gqa' : 'plain',
  }
}

/** @throws `model-file` when a row of so many logits leaves out tokens. More are common: matrices are filled up. */
export function mustCover(logits: number, vocabSize: number): void {
  if (logits >= vocabSize) return
  throw new ForetokenError(
    'model-file',
    `The graph gives ${logits} logits, but config.json tells of ${vocabSize} tokens. Take both from one model.`,
  )
}

function mustBeDecoder(
  inputs: readonly string[],
  outputs: readonly string[],
  refuse: (what: string, advice: string) => ForetokenError,
): void {
  const advice = 'Pass a text generation model, exported with its cache (optimum: text-generation-with-past).'
  const images = inputs.find((name) => /^(pixel_values|image_|input_features|audio_)/.test(name))
  if (images) throw refuse(`it takes ${images}, so it is for images or sound`, advice)
  const encoder = inputs.find((name) => /^encoder_|\.(encoder|decoder)\.(key|value)$/.test(name))
  if (encoder) throw refuse(`it takes ${encoder}, so it is the decoder of an encoder-decoder model`, advice)
  if (inputs.includes('inputs_embeds') && !inputs.includes('input_ids')) {
    throw refuse('it takes inputs_embeds in place of tokens, as the text part of models for images does', advice)
  }
  for (const name of ['input_ids', 'attention_mask']) {
    if (!inputs.includes(name)) throw refuse(`it does not take ${name}, only ${inputs.join(', ')}`, advice)
  }
  const known = (name: string): boolean =>
    ['input_ids', 'attention_mask', 'position_ids', ...keepNames].includes(name) || pastName.test(name)
  const unknown = inputs.filter((name) => !known(name))
  if (unknown.includes('token_type_ids') || !outputs.includes('logits')) {
    throw refuse(`it gives ${outputs.join(', ')}, so it reads text and does not write any`, advice)
  }
  if (unknown.length > 0) {
    throw refuse(`it takes ${unknown.join(', ')}, which ${unknown.length > 1 ? 'are' : 'is'} not known here`, advice)
  }
  if (!inputs.some((name) => pastName.test(name))) throw refuse('it has no cache (no past_key_values inputs)', advice)
}

function isLike(a: ValueInfo, b: ValueInfo): boolean {
  return (
    a.type === b.type &&
    a.dimensions.length === b.dimensions.length &&
    [1, 3].every((at) => a.dimensions[at] === b.dimensions[at])
  )
}

function sizeOr(dimension: number | string | undefined, otherwise: number): number {
  return typeof dimension === 'number' ? dimension : otherwise
}
