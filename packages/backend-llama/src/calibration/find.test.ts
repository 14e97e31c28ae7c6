import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { processorHash } from '../cache-folder.js'
import { findCalibration } from './find.js'
import { type CalibrationKey, writeCalibration } from './store.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foretoken-find-'))
  vi.stubEnv('XDG_CACHE_HOME', folder)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

const info = {
  name: 'm',
  architecture: 'llama',
  parameters: 100,
  quantization: 'F16',
  weightBytes: 200,
  fileSize: 210,
}

/** @param day When it was measured. */
async function keep(key: Partial<CalibrationKey>, ms: number, day: number): Promise<void> {
  const calibrations = join(folder, 'foretoken', 'calibration')
  const before: string[] = await readdir(calibrations).catch(() => [])
  const passes = [1, 2].map((tokens) => ({ tokens, ms: ms * tokens, measured: true }))
  const whole = { ...info, processor: processorHash(), hardware: 'CPU', threads: [1], ...key } as CalibrationKey
  await writeCalibration(whole, { threads: 1, passes })
  const added = (await readdir(calibrations)).find((name) => !before.includes(name))
  const at = new Date(2026, 0, day)
  await utimes(join(calibrations, added!), at, at)
}

test('the latest of a model is found, of the hardware that is asked for', async () => {
  expect(await findCalibration(info)).toBeUndefined()
  await keep({ hardware: 'CPU' }, 3, 1)
  await keep({ hardware: 'CPU', threads: [2] }, 2, 3)
  await keep({ hardware: 'GPU' }, 1, 4)
  expect(await findCalibration(info)).toMatchObject({ hardware: 'GPU', threads: 1 })
  expect((await findCalibration(info, 'CPU'))?.passes[0]).toMatchObject({ tokens: 1, ms: 2 })
  expect(await findCalibration(info, 'another')).toBeUndefined()
})

test('not that of another file, of another processor, or with the help of other machines', async () => {
  await keep({ fileSize: 211 }, 1, 1)
  await keep({ processor: 'another' }, 1, 2)
  await keep({ hardware: 'CPU for 2 of 8 layers, 10.0.0.2:50052 for 6' }, 1, 3)
  expect(await findCalibration(info)).toBeUndefined()
})
