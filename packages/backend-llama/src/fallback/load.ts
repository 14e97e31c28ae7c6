import { ForetokenError } from '@foretoken/core'
import type { LlamaContext, LlamaModel as NodeLlamaModel } from 'node-llama-cpp'
import { tokensPerPass } from '../memory.js'
import type { LlamaModel, LoadPlan } from '../model.js'
import type { CheckedOptions } from '../options.js'
import type { Runtime } from '../runtime.js'
import { PublicApiModel } from './model.js'

/** Loads a model through node-llama-cpp's documented API, which any release of it offers. */
export async function loadThroughPublicApi(
  runtime: Runtime,
  plan: LoadPlan,
  options: CheckedOptions,
): Promise<LlamaModel> {
  const { onProgress, signal } = options
  let model: NodeLlamaModel | undefined
  let context: LlamaContext | undefined
  try {
    model = await runtime.llama.loadModel({
      modelPath: plan.info.path,
      gpuLayers: plan.gpuLayers,
      ...(onProgress && { onLoadProgress: (fraction: number) => onProgress({ stage: 'load', fraction }) }),
      ...(signal && { loadSignal: signal }),
    })
    context = await model.createContext({
      // One more than we ever fill: when its own limit is reached, it drops the oldest tokens without a word.
      contextSize: plan.contextLength + 1,
      sequences: options.sequences,
      batchSize: Math.min(tokensPerPass, plan.contextLength + 1),
      threads: plan.threads[0]!,
      swaFullCache: true,
      ...(signal && { createSignal: signal }),
    })
    return new PublicApiModel(model, context, plan, options.sequences)
  } catch (cause) {
    await context?.dispose()
    await model?.dispose()
    signal?.throwIfAborted()
    if (ForetokenError.is(cause)) throw cause
    throw new ForetokenError(
      'runtime',
      `node-llama-cpp cannot load ${plan.info.path} (${(cause as Error).message}). Check the file, and that memory suffices.`,
      { cause },
    )
  }
}
