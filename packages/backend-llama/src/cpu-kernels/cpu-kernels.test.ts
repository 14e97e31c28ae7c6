import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { targetPath } from '../test-models.js'

const full = process.env.FORETOKEN_FULL === '1'

describe.runIf(process.platform === 'linux')('CPU kernels for this machine', () => {
  let cache: string
  beforeAll(async () => {
    cache = await mkdtemp(join(tmpdir(), 'foretoken-kernels-test-'))
    vi.stubEnv('XDG_CACHE_HOME', cache)
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await rm(cache, { recursive: true })
  })

  it('are looked for by release and processor', async () => {
    const { builtKernels, kernelsPath } = await import('./place.js')
    expect(kernelsPath('v1')).toMatch(/foretoken.ggml-cpu-v1-[0-9a-f]{12}-[0-9a-f]{12}\.so$/)
    expect(kernelsPath('v2')).not.toBe(kernelsPath('v1'))
    expect(builtKernels('v1')).toBeUndefined()
  })

  it('are passed over when the file is damaged: the prebuilt ones stay', async () => {
    const { kernelsPath } = await import('./place.js')
    const { loadModel } = await import('../load.js')
    const damaged = kernelsPath('v0.5.0')
    await mkdir(dirname(damaged), { recursive: true })
    await writeFile(damaged, 'not a library')
    const model = await loadModel({ path: targetPath, gpu: false, contextSize: 64 })
    expect(model.device).not.toContain('this machine')
    const sequence = await model.createSequence()
    expect((await sequence.forward([1, 2, 3])).row(0).every(Number.isFinite)).toBe(true)
    await model.dispose()
    await rm(damaged)
  })

  it('need compilers, and say so', async () => {
    const { buildCpuKernels } = await import('./build.js')
    vi.stubEnv('CXX', join(cache, 'no-compiler'))
    await expect(buildCpuKernels()).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('no-compiler'),
    })
  })

  it('report what a compiler said when it fails, and leave nothing behind', async () => {
    const { buildCpuKernels } = await import('./build.js')
    const { builtKernels } = await import('./place.js')
    const broken = join(cache, 'broken-compiler')
    await writeFile(broken, '#!/bin/sh\n[ "$1" = --version ] || { echo "no such header" >&2; exit 1; }\n')
    await chmod(broken, 0o755)
    vi.stubEnv('CXX', broken)
    vi.stubEnv('CC', broken)
    await expect(buildCpuKernels()).rejects.toMatchObject({
      code: 'runtime',
      message: expect.stringContaining('no such header'),
    })
    expect(builtKernels('v0.5.0')).toBeUndefined()
  })

  it.runIf(full)('are built, are used from then on, and compute what the prebuilt ones do', async () => {
    vi.stubEnv('CXX', undefined)
    vi.stubEnv('CC', undefined)
    const { buildCpuKernels } = await import('./build.js')
    const { loadModel } = await import('../load.js')
    const load = { path: targetPath, gpu: false, contextSize: 64 } as const
    const rows = async (model: Awaited<ReturnType<typeof loadModel>>) => {
      const sequence = await model.createSequence()
      const result = await sequence.forward([1, 2, 3, 4, 5, 6, 7], { outputs: 'all' })
      const copies = Array.from({ length: result.count }, (_, i) => result.row(i).slice())
      await sequence.dispose()
      return copies
    }
    const before = await loadModel(load)
    const wanted = await rows(before)
    const fractions: number[] = []
    await buildCpuKernels({ onProgress: (fraction) => fractions.push(fraction) })
    expect(fractions.at(-1)).toBe(1)
    const after = await loadModel(load)
    expect(after.device).toContain('built for this machine')
    const seen = await rows(after)
    const off = Math.max(
      ...seen.flatMap((row, i) => Array.from(row, (logit, token) => Math.abs(logit - wanted[i]![token]!))),
    )
    expect(off).toBeLessThan(0.05)
    // The model that was loaded before goes on, on the kernels that it had.
    expect(await rows(before)).toEqual(wanted)
    await before.dispose()
    await after.dispose()
  })
})
