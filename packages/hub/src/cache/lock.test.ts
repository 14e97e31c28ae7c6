import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { withLock } from './lock.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foretoken-lock-'))
})
afterEach(() => rm(folder, { recursive: true }))

const options = { signal: undefined, onWait: () => {} }

describe('a lock', () => {
  test('lets one in after the other, says so to those who wait, and leaves nothing', async () => {
    let inside = 0
    let most = 0
    let waits = 0
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside)
      await new Promise((resolve) => setTimeout(resolve, 30))
      inside--
    }
    const path = join(folder, 'deep', 'x.lock')
    await Promise.all([1, 2, 3].map(() => withLock(path, { ...options, onWait: () => waits++ }, work)))
    expect([most, waits]).toEqual([1, 2])
    expect(await readdir(join(folder, 'deep'))).toEqual([])
  })

  test('is let go of when the work fails', async () => {
    const path = join(folder, 'x.lock')
    await expect(withLock(path, options, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await readdir(folder)).toEqual([])
  })

  test('of a process that has ended is taken over', async () => {
    const path = join(folder, 'x.lock')
    // No process has this number: it is above the largest that systems give.
    await writeFile(path, JSON.stringify({ pid: 2 ** 30, host: hostname(), token: 'a' }))
    expect(await withLock(path, options, async () => 'done')).toBe('done')
  })

  test('of another machine is taken over when nothing was heard of it for a minute', async () => {
    const path = join(folder, 'x.lock')
    await writeFile(path, JSON.stringify({ pid: 1, host: 'another', token: 'a' }))
    const waiting = withLock(path, { signal: AbortSignal.timeout(200), onWait: () => {} }, async () => 'done')
    await expect(waiting).rejects.toThrow(/timeout/)
    const old = new Date(Date.now() - 61_000)
    await utimes(path, old, old)
    expect(await withLock(path, options, async () => 'done')).toBe('done')
  })

  test('can be waited for no longer', async () => {
    const path = join(folder, 'x.lock')
    await withLock(path, options, async () => {
      const controller = new AbortController()
      const waiting = withLock(path, { signal: controller.signal, onWait: () => {} }, async () => 'in')
      controller.abort(new Error('changed my mind'))
      await expect(waiting).rejects.toThrow('changed my mind')
    })
  })
})
