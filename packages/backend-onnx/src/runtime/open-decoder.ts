import type { Cache, Rollback } from './cache/cache.js'
import { chooseRollback } from './cache/choose-rollback.js'
import { canShare } from './cache/try-sharing.js'
import { dynamicForm } from './dynamic-form.js'
import type { OpenForm } from './form.js'
import type { Opened, OpenRequest } from './messages.js'
import type { OnnxRuntime } from './onnxruntime.js'
import { profile } from './profile.js'
import { openFastest } from './providers.js'
import { sessionOptions } from './session-options.js'
import { staticForm } from './static-form.js'

/** A model that is ready to run. */
export interface OpenDecoder {
  readonly decoder: Pick<OpenForm, 'pass' | 'passTogether' | 'release'>
  /** Makes an empty cache. */
  readonly newCache: () => Cache
  readonly opened: Opened
}

/** Loads a model onto what it runs fastest on. */
export async function openDecoder(ort: OnnxRuntime, request: OpenRequest): Promise<OpenDecoder> {
  const form = request.static ? staticForm(ort, request.static, request.config) : await dynamicForm(ort, request)
  const { runner, report: tried } = await openFastest(request.providers, request.asked, async (provider) => {
    const decoder = await form.open(sessionOptions(provider, request))
    return { decoder, probe: () => timePass(decoder), release: () => decoder.release() }
  })
  const { decoder } = runner
  try {
    const open = (rollback: Rollback): Cache => decoder.newCache(rollback)
    const run = async (cache: Cache, tokens: readonly number[]) => (await decoder.pass(cache, tokens, 1))!
    const rollback = await chooseRollback({ open, run, vocabSize: request.config.vocabSize, ways: form.rollbacks })
    const newCache = (): Cache => open(rollback === 'none' ? form.rollbacks.at(-1)! : rollback)
    const shares =
      request.sequences > 1 && rollback === 'number' && (await canShare(decoder, newCache, request.config.vocabSize))
    const report = !request.placements
      ? tried
      : { ...tried, placements: await profile(sessionOptions(tried.provider, request), form.open, timePass) }
    const runtime = ort.env.versions.node ?? ''
    return { decoder, newCache, opened: { runtime, rollback, shares, report, patched: form.patched } }
  } catch (error) {
    await decoder.release()
    throw error
  }
}

/** @returns Milliseconds of a pass over one token. */
async function timePass(decoder: OpenForm): Promise<number> {
  const cache = decoder.newCache('slice')
  const started = performance.now()
  const logits = await decoder.pass(cache, [0], 1)
  const ms = performance.now() - started
  if (!logits!.every(Number.isFinite)) throw new Error('its logits are not finite')
  return ms
}
