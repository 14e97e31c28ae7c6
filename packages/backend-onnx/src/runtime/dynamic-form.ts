import { readFile } from 'node:fs/promises'
import { checkSignature } from '../folder/check-signature.js'
import { readGraph } from '../graph/read-graph.js'
import { patch } from '../patch/index.js'
import type { Patches } from '../patch/index.js'
import { DeltaCache } from './cache/delta.js'
import { GrowingCache } from './cache/growing.js'
import { Decoder } from './decoder.js'
import type { Form } from './form.js'
import type { OpenRequest } from './messages.js'
import type { OnnxRuntime } from './onnxruntime.js'

/** Contexts of fewer tokens are copied in each pass: the copies cost less than what saves them. */
const longContext = 256

/** A graph for any number of tokens, as the Hub has them. */
export async function dynamicForm(ort: OnnxRuntime, request: OpenRequest): Promise<Form> {
  const patches: Patches = {
    joinProducts: true,
    logitsToKeep: true,
    newRowsOnly: request.contextLength >= longContext,
    ...(!request.exact && { accuracyLevel: 4 }),
  }
  const { model: graph, accuracyLevel, newRowsOnly } = patch(await readFile(request.file), patches)
  const signature = checkSignature(request.file, readGraph(graph), request.config)
  const Caches = newRowsOnly ? DeltaCache : GrowingCache
  return {
    rollbacks: ['number', 'mask', 'slice'],
    patched: accuracyLevel > 0,
    open: async (options) => {
      const session = await ort.InferenceSession.create(graph as Uint8Array<ArrayBuffer>, options)
      const decoder = new Decoder(ort, session, signature, request.config.vocabSize)
      return {
        newCache: (rollback) => new Caches(ort, decoder.layout, rollback),
        pass: (cache, tokens, outputs) => decoder.pass(cache, tokens, outputs),
        passTogether: (caches, texts) => decoder.passTogether(caches, texts),
        endProfiling: () => session.endProfiling(),
        release: () => decoder.release(),
      }
    },
  }
}
