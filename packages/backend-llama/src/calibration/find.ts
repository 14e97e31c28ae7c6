import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder, processorHash } from '../cache-folder.js'
import type { ModelInfo } from '../inspect.js'
import type { CalibratedPass } from './samples.js'
import { type CalibrationKey, isCalibration } from './store.js'

/** What an earlier load measured of a model on this machine. */
export interface FoundCalibration {
  /** T(1), T(2) and so on, without gaps. */
  readonly passes: readonly CalibratedPass[]
  readonly threads: number
  /** What it ran on, as `LlamaModel.device` names it. */
  readonly hardware: string
}

/** As the hardware of a model is named of which other machines compute a part. */
const withWorkers = /:\d+ for \d+/

/**
 * The latest measurement of a model that is not loaded, on this machine alone, whatever other options it was loaded with.
 *
 * @param hardware Only of this: times are compared only with those of the same.
 * @returns `undefined` when there is none.
 */
export async function findCalibration(
  info: Pick<ModelInfo, 'name' | 'architecture' | 'parameters' | 'quantization' | 'weightBytes' | 'fileSize'>,
  hardware?: string,
): Promise<FoundCalibration | undefined> {
  const folder = join(cacheFolder(), 'calibration')
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json'))
  const found = await Promise.all(names.map((name) => read(join(folder, name), info)))
  const [latest] = found
    .filter((each) => each !== undefined)
    .filter((each) => hardware === undefined || each.calibration.hardware === hardware)
    .toSorted((a, b) => b.at - a.at)
  return latest?.calibration
}

async function read(
  path: string,
  info: Parameters<typeof findCalibration>[0],
): Promise<{ readonly at: number; readonly calibration: FoundCalibration } | undefined> {
  try {
    const kept: unknown = JSON.parse(await readFile(path, 'utf8'))
    if (!isCalibration(kept)) return undefined
    const key = kept.key as CalibrationKey
    const { name = '', architecture, parameters, quantization, weightBytes, fileSize } = info
    const wanted = { name, architecture, parameters, quantization, weightBytes, fileSize, processor: processorHash() }
    if (Object.entries(wanted).some(([field, value]) => key[field] !== value)) return undefined
    const hardware = String(key.hardware)
    if (withWorkers.test(hardware)) return undefined
    const { mtimeMs } = await stat(path)
    return { at: mtimeMs, calibration: { passes: kept.passes, threads: kept.threads, hardware } }
  } catch {
    return undefined
  }
}
