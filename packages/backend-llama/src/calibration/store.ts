import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { cacheFolder } from '../cache-folder.js'
import { widest } from './samples.js'
import type { Earlier } from './still-holds.js'

/** All that times depend on: the file, the machine, the code and the options. Compared as JSON. */
export type CalibrationKey = Readonly<Record<string, string | number | readonly number[]>>

/** Where the measurements of a key are kept. */
export function calibrationPath(key: CalibrationKey): string {
  const hash = createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 16)
  return join(cacheFolder(), 'calibration', `${hash}.json`)
}

/** What was measured earlier. Nothing when there is none, or the file is damaged. */
export async function readCalibration(key: CalibrationKey): Promise<Earlier | undefined> {
  try {
    const kept: unknown = JSON.parse(await readFile(calibrationPath(key), 'utf8'))
    return isCalibration(kept) && JSON.stringify(kept.key) === JSON.stringify(key) ? kept : undefined
  } catch {
    return undefined
  }
}

/** Keeps a measurement, whole or not at all. Where nothing can be written, the next load measures again. */
export async function writeCalibration(key: CalibrationKey, { threads, passes }: Earlier): Promise<void> {
  const path = calibrationPath(key)
  const draft = `${path}.${randomUUID()}`
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(draft, `${JSON.stringify({ key, threads, passes }, undefined, 2)}\n`)
    await rename(draft, path)
  } catch {
    await rm(draft, { force: true }).catch(() => {})
  }
}

/** Whether it is what {@link writeCalibration} writes. */
export function isCalibration(value: unknown): value is Earlier & { key: unknown } {
  const { threads, passes } = (value ?? {}) as Partial<Earlier>
  if (!Number.isInteger(threads) || threads! < 1 || !Array.isArray(passes)) return false
  if (passes.length < 2 || passes.length > widest) return false
  return passes.every(
    (pass: Partial<Earlier['passes'][number]> | null, index) =>
      pass?.tokens === index + 1 && Number.isFinite(pass.ms) && pass.ms! > 0 && typeof pass.measured === 'boolean',
  )
}
