import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'

/**
 * The physical cores that this process may use: the second thread of a core adds nothing to decoding, which waits for
 * memory.
 */
export async function defaultThreads(): Promise<number> {
  const allowed = Math.min(availableParallelism(), (await cpuQuota()) ?? Infinity)
  return Math.max(1, Math.min(allowed, (await physicalCores()) ?? Infinity))
}

/** `undefined` where the system does not tell. */
async function physicalCores(): Promise<number | undefined> {
  try {
    const cpuinfo = await readFile('/proc/cpuinfo', 'utf8')
    const processors = cpuinfo
      .split('\n\n')
      .map((processor) => ['physical id', 'core id'].map((name) => field(processor, name)))
    const cores = new Set(processors.filter(([, core]) => core !== undefined).map(String))
    return cores.size > 0 ? cores.size : undefined
  } catch {
    return undefined
  }
}

function field(processor: string, name: string): string | undefined {
  return new RegExp(`^${name}\\s*:\\s*(\\d+)$`, 'm').exec(processor)?.[1]
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
