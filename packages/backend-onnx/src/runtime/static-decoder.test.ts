import * as ort from 'onnxruntime-node'
import type { InferenceSession } from 'onnxruntime-node'
import { expect, it } from 'vitest'
import { embeddingInputs, staticOutputs } from '../export/static-names.js'
import type { Cache, CacheLayout, Tensors } from './cache/cache.js'
import { StaticCache } from './cache/static.js'
import { StaticDecoder } from './static-decoder.js'

const layout: CacheLayout = { pairs: [], type: 'float32', heads: 1, headSize: 2 }
const [vocabSize, contextLength] = [3, 16]

/** A decoder of fakes that take passes of 1 and 8 tokens, and the positions that its embeddings are asked for. */
function decoder() {
  const positions: number[][] = []
  const embedding = {
    run: async (feeds: Tensors) => {
      positions.push([...(feeds[embeddingInputs.positions]!.data as BigInt64Array)].map(Number))
      return {}
    },
  } as unknown as InferenceSession
  const graphs = [1, 8].map((tokens) => {
    const logits = new ort.Tensor('float32', new Float32Array(tokens * vocabSize), [1, tokens, vocabSize])
    const session = { outputNames: [staticOutputs.logits(0)], run: async () => ({ [staticOutputs.logits(0)]: logits }) }
    return { tokens, session: session as unknown as InferenceSession }
  })
  return { decoder: new StaticDecoder(ort, embedding, graphs, layout, vocabSize), positions }
}

it('asks for no position beyond the last token', async () => {
  const { decoder: made, positions } = decoder()
  const cache: Cache = new StaticCache(ort, layout, contextLength)
  await made.pass(cache, [1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0], 1)
  await made.pass(cache, [1], 1)
  await made.pass(cache, [1, 2, 0], 1)
  expect(positions).toEqual([
    [0, 1, 2, 3, 4, 5, 6, 7],
    [8, 9, 10, 11, 11, 11, 11, 11],
    [12],
    [13, 14, 15, 15, 15, 15, 15, 15],
  ])
})
