import { readFile } from 'node:fs/promises'
import { freemem } from 'node:os'

/**
 * Bytes of main memory that can still be used, page cache included (it gives way), inside the limits of a container.
 *
 * @param otherwise Answers where the system has no better source than its count of untouched pages.
 */
export async function freeMemory(otherwise?: () => Promise<number>): Promise<number> {
  const meminfo = await read('/proc/meminfo')
  if (meminfo === undefined) return (await otherwise?.().catch(() => undefined)) ?? freemem()
  const machine = availableOf(meminfo) ?? freemem()
  const group = groupRoom(
    (await read('/sys/fs/cgroup/memory.max')) ?? (await read('/sys/fs/cgroup/memory/memory.limit_in_bytes')),
    (await read('/sys/fs/cgroup/memory.current')) ?? (await read('/sys/fs/cgroup/memory/memory.usage_in_bytes')),
    (await read('/sys/fs/cgroup/memory.stat')) ?? (await read('/sys/fs/cgroup/memory/memory.stat')),
  )
  return Math.min(machine, group ?? Infinity)
}

/** The `MemAvailable` of /proc/meminfo, in bytes. */
export function availableOf(meminfo: string): number | undefined {
  const match = /^MemAvailable:\s+(\d+) kB/m.exec(meminfo)
  return match === null ? undefined : Number(match[1]) * 1024
}

/** What a control group may still take; `undefined` when it has no limit. Its file cache gives way, so it counts as free. */
export function groupRoom(
  max: string | undefined,
  current: string | undefined,
  stat: string | undefined,
): number | undefined {
  const limit = Number(max)
  // Version 1 writes a number near 2^63 for "no limit", version 2 the word max.
  if (max === undefined || !Number.isFinite(limit) || limit > 2 ** 60) return undefined
  const cached = ['inactive_file', 'active_file'].reduce(
    (sum, key) => sum + Number(new RegExp(`^${key} (\\d+)`, 'm').exec(stat ?? '')?.[1] ?? 0),
    0,
  )
  return Math.max(0, limit - Math.max(0, Number(current ?? 0) - cached))
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    return undefined
  }
}
