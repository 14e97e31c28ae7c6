import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { InferenceSession } from 'onnxruntime-node'
import { readPlacements } from '../graph/placements.js'
import type { Form, OpenForm } from './form.js'

/**
 * Counts where the nodes of a graph run, by a session of its own: profiling slows down each pass.
 *
 * @param run Runs it once.
 * @returns How many nodes by execution provider.
 */
export async function profile(
  options: InferenceSession.SessionOptions,
  open: Form['open'],
  run: (decoder: OpenForm) => Promise<unknown>,
): Promise<Record<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), 'foretoken-profile-'))
  try {
    const decoder = await open({ ...options, enableProfiling: true, profileFilePrefix: join(folder, 'passes') })
    try {
      await run(decoder)
      decoder.endProfiling()
    } finally {
      await decoder.release()
    }
    // ONNX Runtime adds the time to the name.
    const [name] = await readdir(folder)
    return Object.fromEntries(readPlacements(await readFile(join(folder, name!), 'utf8')))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
