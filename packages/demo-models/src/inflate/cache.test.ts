import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { cacheDirectory, ensureInflated } from './cache.js'
import { writeTinyModel } from './tiny-model.js'

afterEach(() => vi.unstubAllEnvs())

describe('cacheDirectory', () => {
  it.skipIf(process.platform === 'win32')('follows XDG_CACHE_HOME', () => {
    vi.stubEnv('XDG_CACHE_HOME', '/somewhere')
    expect(cacheDirectory()).toBe('/somewhere/foretoken')
    const usual = process.platform === 'darwin' ? 'Library/Caches' : '.cache'
    for (const unusable of ['', 'relative/path']) {
      vi.stubEnv('XDG_CACHE_HOME', unusable)
      expect(cacheDirectory()).toBe(join(homedir(), usual, 'foretoken'))
    }
  })
})

describe('ensureInflated', () => {
  const geometry = {
    hidden: 64,
    layers: 1,
    feedForward: 64,
    heads: 2,
    kvHeads: 1,
    headSize: 32,
    vocabSize: 40,
    tied: true,
  }
  const shape = { hidden: 128, layers: 2, feedForward: 96, heads: 4, kvHeads: 2 }

  it('makes each file once, under a name that tells what it is', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'foretoken-cache-'))
    const source = join(directory, 'target-F16.gguf')
    await writeTinyModel(source, geometry, 'F16')
    const options = { source, shape, directory: join(directory, 'cache') }
    expect(await ensureInflated(options)).toMatchObject({ reused: false })
    expect(await ensureInflated(options)).toMatchObject({ reused: true })
    await ensureInflated({ ...options, type: 'Q4_0', seed: 3 })
    expect((await readdir(options.directory)).sort()).toEqual([
      'target-128x2-ff96-h4-kv2-F16.gguf',
      'target-128x2-ff96-h4-kv2-Q4_0-seed3.gguf',
    ])
    await rm(directory, { recursive: true })
  })
})
