import { describe, expect, it } from 'vitest'
import type { ElementType, ValueInfo } from '../graph/read-graph.js'
import { checkSignature, type Signature } from './check-signature.js'

const config = { kvHeads: 3, headSize: 64, vocabSize: 49152 }
const cacheShape = ['batch_size', 3, 'past_sequence_length', 64]

function value(
  name: string,
  type: ElementType = 'int64',
  dimensions: ValueInfo['dimensions'] = ['batch', 'tokens'],
): ValueInfo {
  return { name, type, dimensions }
}

function caches(
  prefix: string,
  layers: number,
  type: ElementType = 'float',
  shape: ValueInfo['dimensions'] = cacheShape,
): ValueInfo[] {
  return Array.from({ length: layers }, (_, layer) =>
    ['key', 'value'].map((part) => value(`${prefix}.${layer}.${part}`, type, shape)),
  ).flat()
}

const inputs = [value('input_ids'), value('attention_mask'), value('position_ids'), ...caches('past_key_values', 12)]
const outputs = [value('logits', 'float', ['batch', 'tokens', 49152]), ...caches('present', 12)]
const plain = new Map([['MatMul', 7]])

function check(changed: { inputs?: ValueInfo[]; outputs?: ValueInfo[]; operators?: Map<string, number> }): Signature {
  return checkSignature('model.onnx', { inputs, outputs, operators: plain, ...changed }, config)
}

describe('the signature of', () => {
  it('a plain decoder', () => {
    expect(check({})).toEqual({
      usesPositionIds: true,
      layers: 12,
      cacheType: 'float',
      cacheShape: { kvHeads: 3, headSize: 64 },
      kind: 'plain',
    })
  })

  it('one with GroupQueryAttention, a half cache and chosen logits', () => {
    const grouped = {
      inputs: [
        value('input_ids'),
        value('attention_mask'),
        value('num_logits_to_keep', 'int64', []),
        ...caches('past_key_values', 2, 'float16', ['b', 8, 'p', 128]),
      ],
      outputs: [value('logits', 'float16', ['b', 's', 50000]), ...caches('present', 2, 'float16', ['b', 8, 't', 128])],
      operators: new Map([['com.microsoft:GroupQueryAttention', 2]]),
    }
    expect(check(grouped)).toEqual({
      usesPositionIds: false,
      keepsLogits: 'num_logits_to_keep',
      layers: 2,
      cacheType: 'float16',
      cacheShape: { kvHeads: 8, headSize: 128 },
      kind: 'gqa',
    })
  })

  it('one whose graph leaves its sizes open', () => {
    const open = ['batch', 'heads', 'past', undefined]
    const signature = check({
      inputs: [...inputs.slice(0, 3), ...caches('past_key_values', 1, 'float', open)],
      outputs: [value('logits', 'float', []), ...caches('present', 1, 'float', open)],
    })
    expect(signature).toMatchObject({ cacheShape: { kvHeads: 3, headSize: 64 } })
  })
})

describe('what cannot be run is refused, and named:', () => {
  const only = (...names: string[]): ValueInfo[] => names.map((name) => value(name))
  const cases: [what: string, changed: Parameters<typeof check>[0], says: RegExp, code?: string][] = [
    [
      'an encoder',
      { inputs: only('input_ids', 'attention_mask', 'token_type_ids'), outputs: [value('last_hidden_state', 'float')] },
      /gives last_hidden_state, so it reads text/,
    ],
    ['a decoder without a cache', { inputs: only('input_ids', 'attention_mask') }, /has no cache/],
    ['the decoder of a t5', { inputs: [...inputs, ...only('encoder_hidden_states')] }, /takes encoder_hidden_states/],
    [
      'the decoder of a whisper',
      { inputs: only('input_ids', 'past_key_values.0.decoder.key', 'past_key_values.0.encoder.key') },
      /takes past_key_values\.0\.decoder\.key.*encoder-decoder/,
    ],
    ['a model for images', { inputs: [...inputs, ...only('pixel_values')] }, /takes pixel_values/],
    ['its text part', { inputs: [value('inputs_embeds', 'float'), ...inputs.slice(1)] }, /takes inputs_embeds/],
    [
      'unknown inputs',
      { inputs: [...inputs, ...only('past_conv.0', 'use_cache_branch')] },
      /takes past_conv\.0, use_cache_branch, which are/,
    ],
    ['no mask', { inputs: inputs.filter(({ name }) => name !== 'attention_mask') }, /does not take attention_mask/],
    [
      'a cache of another type',
      { inputs: [...inputs.slice(0, 3), ...caches('past_key_values', 12, 'int8')] },
      /type int8/,
    ],
    [
      'a cache of another shape',
      { inputs: [...inputs.slice(0, 3), ...caches('past_key_values', 12, 'float', ['b', 'p', 128])] },
      /3 dimensions/,
    ],
    [
      'layers that differ',
      { inputs: [...inputs.slice(0, -1), value('past_key_values.11.value', 'float', ['b', 3, 'p', 32])] },
      /past_key_values\.11\.value is of another shape than past_key_values\.0\.key/,
    ],
    [
      'tokens of another type',
      { inputs: [value('input_ids', 'int32'), ...inputs.slice(1)] },
      /input_ids is of type int32/,
    ],
    [
      'a gap in the layers',
      { inputs: inputs.filter(({ name }) => name !== 'past_key_values.4.key') },
      /past_key_values\.4\.key is missing/,
      'model-file',
    ],
    [
      'a cache that does not come back',
      { outputs: outputs.slice(0, -2) },
      /present\.11\.key, present\.11\.value are missing/,
      'model-file',
    ],
  ]
  it.each(cases)('%s', (_, changed, says, code = 'unsupported') => {
    expect(() => check(changed)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(says) }))
  })
})
