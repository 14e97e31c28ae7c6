import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'

/** Weights that keep one thread busy long enough for another to be worth its waiting at some 300 barriers a pass. */
const bytesPerThread = 32 * 2 ** 20

/**
 * How many threads a pass runs on by default: the physical cores that this process may use (decoding is bound by memory
 * bandwidth, which the second thread of a core does not add to), and fewer for a small model.
 *
 * @param mathCores Physical (and performance) cores of the machine, as the runtime counts them.
 */
export async function defaultThreads(mathCores: number, weightBytes: number): Promise<number> {
  const allowed = Math.min(availableParallelism(), (await cpuQuota()) ?? Infinity)
  const useful = Math.ceil(weightBytes / bytesPerThread)
  return Math.max(1, Math.min(mathCores || allowed, allowed, useful))
}

/** The share of processors that a container may use; `undefined` without a limit. */
async function cpuQuota(): Promise<number | undefined> {
  try {
    const [quota, period] = (await readFile('/sys/fs/cgroup/cpu.max', 'utf8')).trim().split(' ')
    const share = Number(quota) / Number(period)
    return Number.isFinite(share) && share > 0 ? Math.ceil(share) : undefined
  } catch {
    return undefined
  }
}
