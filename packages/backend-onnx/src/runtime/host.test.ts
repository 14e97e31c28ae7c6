import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ForetokenError } from '@foretoken/core'
import { describe, expect, it } from 'vitest'
import type { WorkerModel } from '../model.js'
import { openDemo } from '../test-models.js'

const open = () => openDemo('target', { contextSize: 256, calibrate: false }) as Promise<WorkerModel>

describe('the worker', () => {
  it('is one for all models, and another after the last was disposed', async () => {
    const [first, second] = [await open(), await open()]
    expect(second.host).toBe(first.host)
    await first.dispose()
    const sequence = await second.createSequence()
    await sequence.forward([1, 2, 3])
    await second.dispose()
    const third = await open()
    expect(third.host).not.toBe(first.host)
    await third.dispose()
  })

  it('says so when it dies, to those who wait and to those who come later', async () => {
    const model = await open()
    const sequence = await model.createSequence()
    const running = sequence.forward([1, 2, 3])
    await model.host.kill()
    await expect(running).rejects.toSatisfy((error) => ForetokenError.is(error, 'runtime'))
    await expect(sequence.forward([1])).rejects.toThrow('load them again')
    await sequence.dispose()
    await model.dispose()
    const next = await open()
    await (await next.createSequence()).forward([1])
    await next.dispose()
  })

  it('does not keep a process alive, and loses no pass', async () => {
    const child = fileURLToPath(new URL('host-child.ts', import.meta.url))
    const argv = ['--conditions=@foretoken/source', '--import', 'tsx', child]
    const { stdout } = await promisify(execFile)(process.execPath, argv, { timeout: 25_000 })
    expect(stdout).toBe('3 tokens\n')
  })
})
