import { stat } from 'node:fs/promises'
import type { Gpu } from '@foretoken/backend-llama'
import { ForetokenError } from '@foretoken/core'
import { createProgress } from '../terminal/progress.js'
import { duration } from '../terminal/format.js'
import { printLine, type Terminal } from '../terminal/terminal.js'

const label = "building llama.cpp's CPU kernels for this machine, once"

/**
 * Sees to it that models which run on the CPU do so on kernels that were built for it.
 *
 * @returns Where they are; `undefined` where a GPU does the work.
 * @throws As `buildCpuKernels`.
 */
export async function ensureKernels(gpu: Gpu | undefined, terminal: Terminal): Promise<string | undefined> {
  const { buildCpuKernels } = await import('@foretoken/backend-llama')
  const progress = createProgress(terminal, label)
  const started = performance.now()
  let building = false
  const path = await buildCpuKernels({
    gpu,
    signal: terminal.signal,
    onProgress(fraction) {
      building = true
      progress.update(fraction)
    },
  })
  if (building) progress.done(`${label}: ${path} (${duration(performance.now() - started)})`)
  return path
}

/** A pass over a smaller file takes a few milliseconds whatever runs it. */
const worthwhile = 128 * 2 ** 20

/** The same for one model, where going on with the prebuilt kernels is better than stopping. */
export async function prepareKernels(file: string, gpu: Gpu | undefined, terminal: Terminal): Promise<void> {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  )
  if (size < worthwhile) return
  try {
    await ensureKernels(gpu, terminal)
  } catch (error) {
    if (!ForetokenError.is(error)) throw error
    printLine(terminal.err, `${error.message} Passes over several tokens will take longer than they need to.`)
  }
}
