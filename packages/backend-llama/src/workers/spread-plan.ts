import { readGguf } from '../gguf/read.js'
import type { ModelInfo } from '../inspect.js'
import type { MemoryEstimate } from '../memory.js'
import type { Need, Place } from './split.js'

/** A machine that holds a part of a model. */
export interface SpreadMachine {
  /** `here`, or the worker's address. */
  readonly machine: string
  readonly devices: readonly string[]
  /** The first layer and the one after the last; the same where it has none. The near machine has the output, too. */
  readonly layers: readonly [from: number, to: number]
  /** What it needs, and what it has for it. */
  readonly bytes: number
  readonly room: number
  /** A round trip, in milliseconds, and bytes a second to it. Absent of the near machine. */
  readonly latencyMs?: number
  readonly bytesPerSecond?: number
}

/** What a process is told that is to hold a spread model. */
export interface SpreadLayout {
  readonly rpcPath: string
  readonly workers: readonly { readonly endpoint: string; readonly layers: readonly number[] }[]
  readonly near: number
}

/** From the file: which of its tensors belong to layers, and which stay near. */
export async function needOf(info: ModelInfo, memory: MemoryEstimate): Promise<Need> {
  const { tensors } = await readGguf(info.path)
  const near = tensors.filter(({ name }) => !name.startsWith('blk.')).reduce((sum, { bytes }) => sum + bytes, 0)
  const { layers } = info.shape
  return { layers, perLayer: (info.weightBytes - near + memory.cache) / layers, near, buffers: memory.buffers }
}

/** In the order in which a pass goes through them. */
export function machinesOf(
  places: readonly Place[],
  layers: readonly number[],
  need: Need,
  wires: ReadonlyMap<string, { readonly latencyMs: number; readonly bytesPerSecond: number }>,
  nearLast: boolean,
): SpreadMachine[] {
  const names = [...new Set(places.map(({ machine }) => machine))]
  if (nearLast) names.push(names.shift()!)
  let from = 0
  return names.map((machine) => {
    const mine = places.flatMap((place, i) => (place.machine === machine ? [{ place, count: layers[i]! }] : []))
    const count = mine.reduce((sum, each) => sum + each.count, 0)
    const start = from
    from += count
    return {
      machine,
      devices: mine.map(({ place }) => place.device),
      layers: [start, from] as const,
      bytes: count * need.perLayer + need.buffers + (machine === places[0]!.machine ? need.near : 0),
      room: mine.reduce((sum, { place }) => sum + place.room, 0),
      ...wires.get(machine),
    }
  })
}
