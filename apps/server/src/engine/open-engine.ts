import { checkRequest, ForetokenError, together } from '@foretoken/core'
import { Admission } from './admission.js'
import { Draftings } from './drafting.js'
import type { Engine, EngineOptions, EngineRequest, EngineRun } from './engine.js'
import { Run } from './run.js'
import { Slots } from './slots.js'
import { type Life, UnderWay } from './under-way.js'

/**
 * Runs generations for many at once on one target. What they leave in its cache is used for those that begin alike.
 *
 * The models stay the caller's, to be disposed after `drain()` or `dispose()`.
 *
 * @throws `invalid-argument` when `parallel` is more than the target's sequences.
 */
export function openEngine(options: EngineOptions): Engine {
  const { id, strategies = {}, queue = 64, observer } = options
  const target = together(options.target)
  const { maxSequences } = target.capabilities
  const { parallel = maxSequences } = options
  within('parallel', parallel, 1, maxSequences)
  within('queue', queue, 0, Number.MAX_SAFE_INTEGER)
  const admission = new Admission(parallel, queue)
  const slots = new Slots(target, parallel)
  const draftings = new Draftings(target, strategies)
  const underWay = new UnderWay()

  async function submit(request: EngineRequest): Promise<EngineRun> {
    const life = underWay.begin(request.signal)
    try {
      return await start(request, life)
    } catch (error) {
      life.end()
      throw error
    }
  }

  async function start(request: EngineRequest, { signal, end }: Life): Promise<EngineRun> {
    const cameAt = performance.now()
    const { speculative: _, prediction: __, ...rest } = request
    const drafting = draftings.for(request)
    const prompt = checkRequest({ ...rest, model: target, strategy: drafting.strategy })
    signal.throwIfAborted()
    const format = await ready(request)
    const leave = await admission.enter(signal).catch((error: unknown) => {
      if (ForetokenError.is(error, 'busy')) observer?.refused()
      throw error
    })
    try {
      const lease = await slots.take(prompt, signal)
      observer?.began({
        waitedMs: performance.now() - cameAt,
        promptTokens: prompt.length,
        cachedTokens: lease.cached,
      })
      const { messages: ___, ...given } = rest
      const generation = { ...given, ...format, prompt, model: target, signal }
      const over = (): void => {
        leave()
        end()
      }
      return new Run({ options: generation, drafting, lease, leave: over, observer, cameAt })
    } catch (error) {
      leave()
      throw error
    }
  }

  /** The response format, ready before the turn comes: what is wrong with it is told at once, and takes nobody's time. */
  async function ready({ responseFormat }: EngineRequest): Promise<Pick<EngineRequest, 'responseFormat'>> {
    if (!responseFormat || !('type' in responseFormat) || responseFormat.type === 'text' || !target.constrain) return {}
    return { responseFormat: await target.constrain(responseFormat) }
  }

  async function drain(): Promise<void> {
    await admission.drain()
    await slots.dispose()
  }

  return {
    id,
    target,
    strategies: draftings.names,
    created: Math.floor(Date.now() / 1000),
    get state() {
      const { active, waiting, draining } = admission
      return { active, waiting, parallel, draining }
    },
    submit,
    drain,
    dispose(reason = 'The engine was disposed: open another one.') {
      underWay.endAll(new ForetokenError('disposed', reason))
      return drain()
    },
  }
}

function within(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return
  throw new ForetokenError(
    'invalid-argument',
    `${name} is ${value}: it must be an integer from ${least} to ${most}. Load the target with more sequences for more.`,
  )
}
