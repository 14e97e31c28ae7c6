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
  const useful = Math.ceil(weightBytes / bytesPerThread)
  return Math.max(1, Math.min(await usableCores(mathCores), useful))
}

/**
 * Numbers of threads of which the quickest is to be found: the default first, then one, half and all but one of the cores.
 * A hypervisor's cores may share what they compute with, and an application may leave none of them to itself.
 */
export async function threadChoices(mathCores: number, weightBytes: number): Promise<number[]> {
  const cores = await usableCores(mathCores)
  const usual = await defaultThreads(mathCores, weightBytes)
  return [...new Set([usual, 1, Math.max(1, Math.floor(cores / 2)), Math.max(1, cores - 1)])]
}

async function usableCores(mathCores: number): Promise<number> {
  const allowed = Math.min(availableParallelism(), (await cpuQuota()) ?? Infinity)
  return Math.min(mathCores || allowed, allowed)
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
