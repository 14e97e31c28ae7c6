import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { loadModel } from '../index.js'
import type { LoadOptions } from '../index.js'
import type { FfiModel } from '../model.js'
import { targetPath } from '../test-models.js'
import { ModelRig } from './model-rig.js'

let cache: string
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'foretoken-calibration-load-'))
  vi.stubEnv('XDG_CACHE_HOME', cache)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(cache, { recursive: true })
})

const load = async (options: Partial<LoadOptions> = {}) =>
  (await loadModel({ path: targetPath, gpu: false, contextSize: 256, ...options })) as FfiModel

const rowOf = async (model: FfiModel) => {
  const sequence = await model.createSequence()
  const row = (await sequence.forward([1, 2, 3])).row(0).slice()
  await sequence.dispose()
  return row
}

describe('a model that is loaded', () => {
  it('knows how long its passes take', async () => {
    const model = await load({ calibrate: 'fresh' })
    const curve = model.passCurve!
    expect(model.calibration).toEqual({ passes: curve, cached: false })
    expect(curve.map(({ tokens }) => tokens)).toEqual(Array.from(curve, (_, index) => index + 1))
    expect(curve.length).toBeGreaterThanOrEqual(4)
    for (const { ms } of curve) expect(ms).toBeGreaterThan(0)
    await model.dispose()
  })

  it('is as if nothing had been computed on it', async () => {
    const [calibrated, untouched] = [await load(), await load({ calibrate: false })]
    expect(untouched.calibration).toBeUndefined()
    expect(untouched.passCurve).toBeUndefined()
    expect(calibrated.context.sequenceLength(0)).toBe(0)
    expect(await rowOf(calibrated)).toEqual(await rowOf(untouched))
    await calibrated.dispose()
    await untouched.dispose()
  })

  it('is measured again when what was kept cannot be', async () => {
    await (await load()).dispose()
    const folder = join(cache, 'foretoken', 'calibration')
    for (const name of await readdir(folder)) {
      const kept = JSON.parse(await readFile(join(folder, name), 'utf8')) as { passes: { ms: number }[] }
      for (const pass of kept.passes) pass.ms *= 1000
      await writeFile(join(folder, name), JSON.stringify(kept))
    }
    const model = await load()
    expect(model.calibration!.cached).toBe(false)
    await model.dispose()
  })

  it('is not measured where its context is too short for it', async () => {
    const model = await load({ contextSize: 16 })
    expect(model.calibration).toBeUndefined()
    await model.dispose()
  })

  it('stops being measured at a signal', async () => {
    const model = await load({ calibrate: false })
    const reason = new Error('enough')
    const rig = new ModelRig(model, await model.createSequence(), AbortSignal.abort(reason))
    await expect(rig.pass(1)).rejects.toBe(reason)
    await model.dispose()
  })

  it('can go on with another number of threads at any time', async () => {
    const model = await load({ calibrate: false, threads: 2 })
    const before = await rowOf(model)
    for (const threads of [1, 2]) {
      model.useThreads(threads)
      expect((await rowOf(model)).every((logit, token) => Math.abs(logit - before[token]!) < 0.05)).toBe(true)
    }
    expect(model.threads).toBe(2)
    expect(model.description).toMatch(/CPU.*, 2 threads$/)
    model.useThreads(1)
    expect(model.device).toMatch(/, 1 thread$/)
    await model.dispose()
  })
})
