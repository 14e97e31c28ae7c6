import { ForetokenError } from '@foretoken/core'
import type { Capabilities } from '@foretoken/core'
import { calibrateModel } from './calibration/calibrate-model.js'
import { widest } from './calibration/samples.js'
import { inBackground } from './ffi/calls.js'
import type { Calls } from './ffi/calls.js'
import type { NativeContext } from './ffi/context.js'
import { openContext, openModel } from './ffi/open.js'
import type { Pointer } from './ffi/structs.js'
import type { ModelInfo } from './inspect.js'
import { cacheTypes, formatBytes, rowsPerPass, tokensPerPass } from './memory.js'
import { FfiModel } from './model.js'
import type { LlamaModel, LoadPlan } from './model.js'
import type { CheckedOptions } from './options.js'
import type { Runtime } from './runtime.js'
import { LlamaTokenizer } from './tokenizer.js'

/** Loads a model over our own handles into llama.cpp. */
export async function loadDirectly(
  runtime: Runtime,
  calls: Calls,
  plan: LoadPlan,
  options: CheckedOptions,
): Promise<LlamaModel> {
  const { info } = plan
  await runtime.takeErrors()
  const onProgress = options.onProgress
  const handle = await openModel(calls, {
    path: info.path,
    gpuLayers: plan.gpuLayers,
    spread: plan.spread,
    signal: options.signal,
    onProgress: onProgress && ((fraction) => onProgress({ stage: 'load', fraction })),
  })
  if (handle === undefined) throw modelRefused(info, await runtime.takeErrors())
  let context: NativeContext | undefined
  let model: FfiModel
  try {
    mustDecode(calls, handle, info)
    const vocab = calls.llama_model_get_vocab(handle) as Pointer
    const sizes = {
      cells: plan.contextLength * options.sequences,
      sequences: options.sequences,
      tokensPerPass,
      rowsPerPass: rowsPerPass(options.sequences),
      cacheType: cacheTypes[options.cacheType].id,
      vocabSize: calls.llama_vocab_n_tokens(vocab),
    }
    context = await openContext(calls, handle, plan.threads[0]!, sizes)
    if (context === undefined) throw contextRefused(plan, await runtime.takeErrors())
    const capabilities = await probe(context, plan.gpu !== false)
    options.signal?.throwIfAborted()
    const tokenizer = new LlamaTokenizer(calls, vocab, info.fingerprint ?? '', info.chatTemplate)
    model = new FfiModel(calls, handle, context, tokenizer, plan, capabilities)
  } catch (error) {
    context?.dispose()
    await inBackground(calls.llama_model_free, handle)
    throw error
  }
  try {
    if (plan.spread !== undefined && options.calibrate !== false) await meetWidths(model)
    await calibrateModel(model, plan, runtime.release, options)
    return model
  } catch (error) {
    await model.dispose()
    throw error
  }
}

/**
 * Runs a pass of each usual width. When llama.cpp first meets one, it asks workers, one question after the other, how large
 * some results are: several round trips, which are no part of T(n), and which a generation need not wait for.
 */
async function meetWidths(model: FfiModel): Promise<void> {
  const sequence = await model.createSequence()
  for (let width = Math.min(widest, model.contextLength - 1); width > 1; width--) {
    await sequence.forward(
      Array.from({ length: width }, () => 0),
      { outputs: 'all' },
    )
    await sequence.truncate(0)
  }
  await sequence.dispose()
}

/**
 * Tries on the loaded model what lists of architectures only claim: whether the end of a sequence can be dropped.
 * If it cannot (Mamba, RWKV, hybrids), sequences go back to an earlier state and compute again.
 * It also brings the weights into memory, so that the first pass of the caller is not the slow one.
 */
async function probe(context: NativeContext, gpu: boolean): Promise<Capabilities> {
  context.clearBatch()
  context.addToBatch([0, 0], 0, 2, 0, 0, 1)
  const status = await context.decodeInBackground(gpu)
  if (status !== 0) {
    throw new ForetokenError('runtime', `llama.cpp failed the model's first pass (status ${status}).`)
  }
  const trims = context.removeFrom(0, 1) && context.sequenceLength(0) === 1
  context.clearCache()
  return { maxSequences: context.sizes.sequences, rollback: trims ? 'trim' : 'replay', fork: true }
}

function mustDecode(calls: Calls, handle: Pointer, info: ModelInfo): void {
  const decodes = calls.llama_model_has_decoder(handle) && !calls.llama_model_has_encoder(handle)
  if (decodes && !calls.llama_model_is_diffusion(handle)) return
  throw new ForetokenError(
    'unsupported',
    `${info.path} (${info.architecture}) does not write text token by token, so there is nothing to speed up. ` +
      'Pass a decoder-only language model.',
  )
}

function modelRefused(info: ModelInfo, lines: readonly string[]): ForetokenError {
  const said = reasonIn(lines)
  if (said.includes('unknown model architecture')) {
    return new ForetokenError(
      'model-file',
      `${info.path} is of the architecture ${info.architecture}, which this llama.cpp does not know. ` +
        'Use another model, or a newer version of this package.',
    )
  }
  return new ForetokenError(
    'model-file',
    `llama.cpp cannot load ${info.path}${said === '' ? '' : ` (${said})`}. Download or convert it again.`,
  )
}

function contextRefused(plan: LoadPlan, lines: readonly string[]): ForetokenError {
  const said = reasonIn(lines)
  const figures = `cache ${formatBytes(plan.memory.cache)} and buffers ${formatBytes(plan.memory.buffers)}`
  const memory = /alloc|memory/i.test(said)
  return new ForetokenError(
    memory ? 'out-of-memory' : 'runtime',
    `llama.cpp cannot make a context for ${plan.contextLength} tokens (${figures})${said === '' ? '' : `: ${said}`}. ` +
      'Use a smaller contextSize or another cacheType.',
  )
}

/** The first line says why; those after it, what failed because of it. */
function reasonIn(lines: readonly string[]): string {
  return (lines[0] ?? '').replace(/^(\w+: )?(error loading model( hyperparameters)?: )*/, '')
}
