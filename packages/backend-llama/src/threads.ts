import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'

/**
 * How many threads a pass runs on by default: the physical cores that this process may use. Decoding is bound by memory
 * bandwidth, which the second thread of a core does not add to.
 *
 * @param mathCores Physical (and performance) cores of the machine, as the runtime counts them.
 */
export async function defaultThreads(mathCores: number): Promise<number> {
  const allowed = Math.min(availableParallelism(), (await cpuQuota()) ?? Infinity)
  return Math.max(1, Math.min(mathCores || allowed, Math.floor(allowed)))
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
