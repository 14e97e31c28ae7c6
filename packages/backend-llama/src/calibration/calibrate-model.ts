import { basename } from 'node:path'
import { processorHash } from '../cache-folder.js'
import { builtKernels } from '../cpu-kernels/place.js'
import { nextTurn } from '../event-loop.js'
import type { FfiModel, LoadPlan } from '../model.js'
import type { CheckedOptions } from '../options.js'
import { calibrate, oneAtATime } from './calibrate.js'
import { ModelRig } from './model-rig.js'
import { widest } from './samples.js'
import type { CalibrationKey } from './store.js'
import { ThreadWatch } from './thread-watch.js'

/** Times the passes of a model that was just loaded, if that is to be done and its context is long enough for it. */
export async function calibrateModel(
  model: FfiModel,
  plan: LoadPlan,
  release: string,
  options: CheckedOptions,
): Promise<void> {
  if (options.calibrate === false || plan.contextLength <= widest) return
  const sequence = await model.createSequence()
  const rig = new ModelRig(model, sequence, options.signal)
  const request = { key: keyOf(plan, release, options), threads: plan.threads, fresh: options.calibrate === 'fresh' }
  const calibration = await oneAtATime(() => calibrate(rig, request))
  await sequence.dispose()
  // What waited for our passes gets its turn now, not before the caller's first one.
  await nextTurn()
  // Others' kernels may add up in another order on another number of threads.
  if (plan.threads.length > 1 && builtKernels(release) !== undefined) {
    const watch = new ThreadWatch(model, plan.threads, calibration.passes)
    model.queue.onPass = (tokens, ms) => watch.observe(tokens, ms)
  }
  model.calibration = calibration
  model.passCurve = calibration.passes
}

/** What the times depend on. Of the file, what it does not take a pass over its weights to know. */
function keyOf(plan: LoadPlan, release: string, { cacheType }: CheckedOptions): CalibrationKey {
  const { hardware, gpuLayers, threads } = plan
  const { name, architecture, parameters, quantization, weightBytes, fileSize } = plan.info
  const model = { name: name ?? '', architecture, parameters, quantization, weightBytes, fileSize }
  // Other kernels have other times.
  const kernels = basename(builtKernels(release) ?? 'prebuilt')
  return { ...model, release, processor: processorHash(), kernels, hardware, gpuLayers, threads, cacheType }
}
