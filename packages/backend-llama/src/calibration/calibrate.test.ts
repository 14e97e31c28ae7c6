import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { calibrate, oneAtATime } from './calibrate.js'
import { FakeRig } from './fake-rig.js'
import { calibrationPath, readCalibration } from './store.js'

let cache: string
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'foretoken-calibration-test-'))
  vi.stubEnv('XDG_CACHE_HOME', cache)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(cache, { recursive: true, force: true })
})

const key = { name: 'a model', fileSize: 7, threads: [2, 1] }
const request = { key, threads: [2, 1], fresh: false }

/** Two threads are quicker, and each further token takes a fifth of the first. */
const idle = (tokens: number, threads: number) => (threads === 2 ? 80 : 130) * (1 + 0.2 * (tokens - 1))
/** Another program has one of the two cores. */
const busy = (tokens: number, threads: number) => (threads === 2 ? 500 : 130) * (1 + 0.2 * (tokens - 1))

const load = async (time: typeof idle, more: Partial<typeof request> = {}) => {
  const rig = new FakeRig(time, 2)
  const { passes, cached } = await calibrate(rig, { ...request, ...more })
  const spent = rig.passes.reduce((sum, tokens) => sum + time(tokens, 2), 0)
  return { passes, cached, threads: rig.threads, count: rig.passes.length, spent }
}

/** Changes what is kept. */
const tamper = async (change: (kept: { passes: { tokens: number; ms: number }[]; threads: number }) => unknown) => {
  const path = calibrationPath(key)
  const kept = JSON.parse(await readFile(path, 'utf8')) as Parameters<typeof change>[0]
  await writeFile(path, JSON.stringify(change(kept) ?? kept))
}

describe('a calibration', () => {
  it('is measured once, and afterwards looked over', async () => {
    const first = await load(idle)
    expect(first).toMatchObject({ cached: false, threads: 2 })
    const second = await load(idle)
    expect(second).toMatchObject({ cached: true, threads: 2, passes: first.passes })
    expect(second.count).toBe(3)
    expect(second.spent).toBeLessThan(400)
    expect(await readdir(join(cache, 'foretoken', 'calibration'))).toHaveLength(1)
  })

  it('is measured again when that is asked for', async () => {
    await load(idle)
    expect(await load(idle, { fresh: true })).toMatchObject({ cached: false })
  })

  it('is of one model, machine and set of options', async () => {
    await load(idle)
    expect(await load(idle, { key: { ...key, fileSize: 8 } })).toMatchObject({ cached: false })
    expect(await load(idle)).toMatchObject({ cached: true })
  })

  it.each([
    ['T(1) is far off', (ms: number) => ms * 1.7],
    ['T(1) is far off the other way', (ms: number) => ms / 1.7],
    ['the ratio is off', (ms: number, tokens: number) => (tokens === 1 ? ms : ms * 1.4)],
    ['the ratio is off the other way', (ms: number, tokens: number) => (tokens === 1 ? ms : ms / 1.4)],
  ])('is stale when %s', async (_, wrong) => {
    const { passes } = await load(idle)
    await tamper((kept) => kept.passes.forEach((pass) => (pass.ms = wrong(pass.ms, pass.tokens))))
    const again = await load(idle)
    expect(again).toMatchObject({ cached: false })
    again.passes.forEach(({ ms }, index) => expect(ms).toBeCloseTo(passes[index]!.ms))
    expect(await load(idle)).toMatchObject({ cached: true })
  })

  it('is not stale when it is a little off', async () => {
    await load(idle)
    await tamper((kept) => kept.passes.forEach((pass) => (pass.ms *= pass.tokens === 1 ? 1.3 : 1.6)))
    expect(await load(idle)).toMatchObject({ cached: true })
  })

  it('survives a pass that something else held up', async () => {
    const small = (tokens: number) => 0.5 + 0.1 * tokens
    await load(small)
    let passes = 0
    expect(await load((tokens) => small(tokens) + (++passes < 4 ? 20 : 0))).toMatchObject({ cached: true })
  })

  it.each([
    ['is empty', ''],
    ['is cut off', '{"key":{"name":"a mod'],
    ['is something else', '[1, 2, null]'],
    ['holds nothing', 'null'],
  ])('is measured again when its file %s', async (_, content) => {
    await load(idle)
    await writeFile(calibrationPath(key), content)
    expect(await load(idle)).toMatchObject({ cached: false })
    expect(await load(idle)).toMatchObject({ cached: true })
  })

  it.each<[string, Parameters<typeof tamper>[0]]>([
    ['of another key', (kept) => ({ ...kept, key: { ...key, name: 'another' } })],
    ['with a hole', (kept) => ({ ...kept, passes: kept.passes.toSpliced(1, 1) })],
    ['of one width', (kept) => ({ ...kept, passes: kept.passes.slice(0, 1) })],
    ['without times', (kept) => ({ ...kept, passes: kept.passes.map((pass) => ({ ...pass, ms: null })) })],
    ['that takes no time', (kept) => ({ ...kept, passes: kept.passes.map((pass) => ({ ...pass, ms: 0 })) })],
    ['with half a thread', (kept) => ({ ...kept, threads: 0.5 })],
  ])('is ignored when it is one %s', async (_, change) => {
    await load(idle)
    expect(await readCalibration(key)).toBeDefined()
    await tamper(change)
    expect(await readCalibration(key)).toBeUndefined()
  })

  it('does without a file where none can be written', async () => {
    await writeFile(join(cache, 'foretoken'), 'not a folder')
    expect(await load(idle)).toMatchObject({ cached: false })
    expect(await load(idle)).toMatchObject({ cached: false })
  })
})

describe('the threads', () => {
  it('follow what else the machine does, and come back', async () => {
    expect(await load(busy)).toMatchObject({ cached: false, threads: 1 })
    expect(await load(busy)).toMatchObject({ cached: true, threads: 1 })
    expect(await load(idle)).toMatchObject({ cached: false, threads: 2 })
    expect(await load(busy)).toMatchObject({ cached: false, threads: 1 })
  })

  it('are not taken from a calibration of other choices', async () => {
    await load(busy)
    await tamper((kept) => ({ ...kept, threads: 3 }))
    expect(await load(busy)).toMatchObject({ cached: false, threads: 1 })
  })
})

describe('measurements', () => {
  it('wait for each other, and for none that failed', async () => {
    const order: string[] = []
    const slow = oneAtATime(async () => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      order.push('slow')
      throw new Error('no')
    })
    const quick = oneAtATime(async () => order.push('quick'))
    await expect(slow).rejects.toThrow('no')
    await quick
    expect(order).toEqual(['slow', 'quick'])
  })
})
