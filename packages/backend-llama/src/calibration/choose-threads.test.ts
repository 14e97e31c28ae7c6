import { describe, expect, it } from 'vitest'
import { Bench } from './bench.js'
import { chooseThreads } from './choose-threads.js'
import { FakeRig } from './fake-rig.js'

/** Runs a choice; `times` are T(1) by threads, of which three quarters more for three more tokens. */
const choose = async (usual: number, times: Record<number, number>) => {
  const tried = new Set<number>()
  const rig = new FakeRig((tokens, threads) => {
    tried.add(threads)
    return times[threads]! * (1 + 0.25 * (tokens - 1))
  }, usual)
  const bench = new Bench(rig, usual)
  const others = Object.keys(times).map(Number)
  await chooseThreads(
    bench,
    usual,
    others.filter((threads) => threads !== usual),
  )
  expect(rig.threads).toBe(bench.threads)
  return { chosen: bench.threads, tried: [...tried], spent: bench.spent }
}

describe('choosing threads', () => {
  it('takes what is clearly quicker, fewer or more', async () => {
    expect((await choose(8, { 8: 10, 7: 5, 4: 6, 1: 30 })).chosen).toBe(7)
    expect((await choose(1, { 1: 10, 4: 6, 7: 5 })).chosen).toBe(7)
  })

  it('keeps the usual number for less than a tenth', async () => {
    expect((await choose(8, { 8: 10, 7: 9.2, 4: 30 })).chosen).toBe(8)
  })

  it('tries nothing beyond what is slower', async () => {
    const { chosen, tried } = await choose(8, { 8: 10, 7: 11, 4: 20, 1: 80 })
    expect(chosen).toBe(8)
    expect(tried).toEqual([8, 7])
  })

  it('costs one pass on each where the usual number is the best of a large model', async () => {
    expect(await choose(2, { 2: 86, 1: 130 })).toMatchObject({ chosen: 2, spent: 86 + 130 })
  })

  it('does not wait for threads that others disturb', async () => {
    expect(await choose(2, { 2: 1300, 1: 130 })).toMatchObject({ chosen: 1, spent: 1300 + 130 })
    expect((await choose(2, { 2: 400, 1: 130 })).spent).toBeLessThan(1000)
  })

  it('has nothing to do without a choice', async () => {
    expect(await choose(1, { 1: 1 })).toMatchObject({ chosen: 1, spent: 0 })
  })
})
