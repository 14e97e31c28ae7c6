import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { cpus, homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import type { PassTime } from '@foretoken/core'

/** Changes with how passes are run. */
const version = 2

/** All that times depend on. Compared as JSON. */
export type CalibrationKey = Readonly<Record<string, string | number | boolean>>

/** The key of a model whose graph lies in `file`, and that runs as `how` says. */
export async function calibrationKey(file: string, how: CalibrationKey): Promise<CalibrationKey> {
  const { size, mtimeMs } = await stat(file)
  return { version, file, size, mtimeMs, processor: `${process.arch} ${cpus()[0]?.model ?? ''}`, ...how }
}

/** What was measured earlier. Nothing when there is none, or the file is damaged. */
export async function readPasses(key: CalibrationKey): Promise<readonly PassTime[] | undefined> {
  try {
    const kept = JSON.parse(await readFile(pathOf(key), 'utf8')) as { key?: unknown; passes?: unknown }
    return isCurve(kept.passes) && JSON.stringify(kept.key) === JSON.stringify(key) ? kept.passes : undefined
  } catch {
    return undefined
  }
}

/** Keeps a measurement, whole or not at all. Where nothing can be written, the next load measures again. */
export async function writePasses(key: CalibrationKey, passes: readonly PassTime[]): Promise<void> {
  const path = pathOf(key)
  const draft = `${path}.${randomUUID()}`
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(draft, `${JSON.stringify({ key, passes }, undefined, 2)}\n`)
    await rename(draft, path)
  } catch {
    await rm(draft, { force: true }).catch(() => {})
  }
}

/** Beside what @foretoken/backend-llama keeps. */
function pathOf(key: CalibrationKey): string {
  const { XDG_CACHE_HOME: xdg } = process.env
  const cache = xdg && isAbsolute(xdg) ? xdg : join(homedir(), '.cache')
  const hash = createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 16)
  return join(cache, 'foretoken', 'calibration', `onnx-${hash}.json`)
}

function isCurve(passes: unknown): passes is PassTime[] {
  if (!Array.isArray(passes) || (passes as Partial<PassTime>[])[0]?.tokens !== 1) return false
  return (passes as Partial<PassTime>[]).every(
    ({ tokens, ms }, index) =>
      Number.isInteger(tokens) && tokens! > (passes[index - 1]?.tokens ?? 0) && Number.isFinite(ms) && ms! > 0,
  )
}
