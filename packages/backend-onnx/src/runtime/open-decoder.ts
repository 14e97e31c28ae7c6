import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { InferenceSession } from 'onnxruntime-node'
import { checkSignature } from '../folder/check-signature.js'
import { readGraph } from '../graph/read-graph.js'
import { patch } from '../patch/index.js'
import type { Patches } from '../patch/index.js'
import type { Cache, Rollback } from './cache/cache.js'
import { chooseRollback } from './cache/choose-rollback.js'
import { DeltaCache } from './cache/delta.js'
import { GrowingCache } from './cache/growing.js'
import { Decoder } from './decoder.js'
import type { Opened, OpenRequest } from './messages.js'
import type { OnnxRuntime } from './onnxruntime.js'
import { profile } from './profile.js'
import { openFastest } from './providers.js'
import type { Provider } from './providers.js'

/** Contexts of fewer tokens are copied in each pass: the copies cost less than what saves them. */
const longContext = 1024

/** A model that is ready to run. */
export interface OpenDecoder {
  readonly decoder: Decoder
  /** Makes an empty cache. */
  readonly newCache: () => Cache
  readonly opened: Opened
}

/** Loads a graph onto what it runs fastest on. */
export async function openDecoder(ort: OnnxRuntime, request: OpenRequest): Promise<OpenDecoder> {
  const patches: Patches = {
    logitsToKeep: true,
    newRowsOnly: request.contextLength >= longContext,
    ...(!request.exact && { accuracyLevel: 4 }),
  }
  const { model: graph, accuracyLevel, newRowsOnly } = patch(await readFile(request.file), patches)
  const signature = checkSignature(request.file, readGraph(graph), request.config)
  const { vocabSize } = request.config
  const Caches = newRowsOnly ? DeltaCache : GrowingCache
  const create = (options: InferenceSession.SessionOptions): Promise<InferenceSession> =>
    ort.InferenceSession.create(graph as Uint8Array<ArrayBuffer>, options)
  const { runner, report: tried } = await openFastest(request.providers, request.asked, async (provider) => {
    const session = await create(sessionOptions(provider, request))
    const decoder = new Decoder(ort, session, signature, vocabSize)
    const probe = () => timePass(decoder, new Caches(ort, decoder.layout, 'slice'))
    return { decoder, probe, release: () => decoder.release() }
  })
  const { decoder } = runner
  const open = (rollback: Rollback): Cache => new Caches(ort, decoder.layout, rollback)
  const run = async (cache: Cache, tokens: readonly number[]) => (await decoder.pass(cache, tokens, 1))!
  const rollback = await chooseRollback({ open, run, vocabSize })
  const newCache = (): Cache => open(rollback === 'none' ? 'slice' : rollback)
  const report = !request.placements
    ? tried
    : {
        ...tried,
        placements: await profile(sessionOptions(tried.provider, request), async (options) => {
          const session = await create(options)
          await new Decoder(ort, session, signature, vocabSize).pass(new Caches(ort, decoder.layout, 'slice'), [0], 1)
          return session
        }),
      }
  return { decoder, newCache, opened: { rollback, report, patched: accuracyLevel > 0 } }
}

/** @returns Milliseconds of a pass over one token. */
async function timePass(decoder: Decoder, cache: Cache): Promise<number> {
  const started = performance.now()
  const logits = await decoder.pass(cache, [0], 1)
  const ms = performance.now() - started
  if (!logits!.every(Number.isFinite)) throw new Error('its logits are not finite')
  return ms
}

function sessionOptions(provider: Provider, { file, threads }: OpenRequest): InferenceSession.SessionOptions {
  return {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // What fails is thrown, too; nobody asked for it on the console.
    logSeverityLevel: 4,
    extra: {
      session: {
        // The graph comes from memory: its weights lie beside the file that it was read from.
        model_external_initializers_file_folder_path: dirname(file),
        // Threads that wait by turning in circles take the cores from the other model's.
        intra_op: { allow_spinning: '0' },
      },
    },
  }
}
