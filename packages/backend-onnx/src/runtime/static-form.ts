import type { InferenceSession } from 'onnxruntime-node'
import { staticInputs, staticOutputs } from '../export/static-names.js'
import type { StaticFiles } from '../folder/static-files.js'
import type { CacheLayout } from './cache/cache.js'
import { StaticCache } from './cache/static.js'
import type { Form } from './form.js'
import type { OnnxRuntime } from './onnxruntime.js'
import { StaticDecoder } from './static-decoder.js'

/** Graphs for passes of fixed sizes over a cache of a fixed size, which is what CoreML can take. */
export function staticForm(ort: OnnxRuntime, files: StaticFiles, { vocabSize }: { readonly vocabSize: number }): Form {
  const layout = layoutOf(files)
  return {
    rollbacks: ['mask'],
    patched: false,
    open: async (options) => {
      // The profiles of two sessions would overwrite each other.
      const passes = options.enableProfiling ? files.passes.slice(0, 1) : files.passes
      const sessions: InferenceSession[] = []
      const create = async (file: string, its: InferenceSession.SessionOptions): Promise<InferenceSession> => {
        const session = await ort.InferenceSession.create(file, its)
        sessions.push(session)
        return session
      }
      const release = async (): Promise<void> => {
        for (const session of sessions) await session.release()
      }
      try {
        const onCpu = { ...options, executionProviders: ['cpu'], enableProfiling: false }
        const embedding = await create(files.embedding, onCpu)
        const graphs: { tokens: number; session: InferenceSession }[] = []
        for (const { tokens, file } of passes) graphs.push({ tokens, session: await create(file, options) })
        const decoder = new StaticDecoder(ort, embedding, graphs, layout, vocabSize)
        return {
          newCache: () => new StaticCache(ort, layout, files.contextLength),
          pass: (cache, tokens, outputs) => decoder.pass(cache, tokens, outputs),
          endProfiling: () => graphs[0]!.session.endProfiling(),
          release,
        }
      } catch (error) {
        await release()
        throw error
      }
    },
  }
}

function layoutOf({ layers, kvHeads, headSize }: StaticFiles): CacheLayout {
  const pairs = Array.from({ length: layers }, (_, layer) => [
    { past: staticInputs.pastKey(layer), present: staticOutputs.newKey(layer) },
    { past: staticInputs.pastValue(layer), present: staticOutputs.newValue(layer) },
  ]).flat()
  return { pairs, type: 'float32', heads: kvHeads, headSize }
}
