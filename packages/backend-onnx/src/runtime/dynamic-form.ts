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
  const file = await readFile(request.file)
  const isLong = request.contextLength >= longContext
  const prepare = (onCpu: boolean) => {
    const patches: Patches = {
      joinProducts: true,
      logitsToKeep: true,
      // Graphics cards have attention of their own, which copies at their speed.
      attendInParts: isLong && onCpu,
      newRowsOnly: isLong,
      ...(!request.exact && { accuracyLevel: 4 }),
    }
    const { model: graph, accuracyLevel, newRowsOnly } = patch(file, patches)
    const signature = checkSignature(request.file, readGraph(graph), request.config)
    return { graph, patched: accuracyLevel > 0, signature, Caches: newRowsOnly ? DeltaCache : GrowingCache }
  }
  const forCpu = prepare(true)
  return {
    rollbacks: ['number', 'mask', 'slice'],
    patched: forCpu.patched,
    open: async (options) => {
      const { graph, signature, Caches } = options.executionProviders?.[0] === 'cpu' ? forCpu : prepare(false)
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
