import { mkdir, readdir, stat, statfs } from 'node:fs/promises'
import { freemem } from 'node:os'
import { join } from 'node:path'
import { cacheDirectory, draftShapes, estimateSize, type ShapeName, shapes } from '@foretoken/demo-models'
import { memoryFor, type Size } from '../demo/sizes.js'

/** What inflated models may take of this machine, in bytes. */
export interface Room {
  /** Memory that can be used. */
  readonly memory: number
  /** Disk that is free where they are kept. */
  readonly disk: number
  /** The sizes of the models that are there already. */
  readonly files: readonly number[]
}

/** Of memory: for everything else on the machine. */
const margin = 1.1
/** Of disk. */
const leftOnDisk = 2e9
/** A file has a header beside its weights, of less than this. */
const header = 2 ** 20

/** The largest size whose pair stays in memory, and whose files find room or are there. `none` where even the smallest does not. */
export function largestSize(room: Room): Size {
  const fits = (size: ShapeName): boolean =>
    margin * memoryFor(size) <= room.memory && hasDisk(bytesToWrite(size, room.files), room.disk)
  return (Object.keys(shapes) as ShapeName[]).toReversed().find(fits) ?? 'none'
}

/** What the pair adds to the disk. */
export function bytesToWrite(size: Size, files: readonly number[]): number {
  if (size === 'none') return 0
  const pair = [estimateSize(size, 'F16'), estimateSize(draftShapes[size], 'Q4_0')]
  return pair
    .filter((weights) => !files.some((file) => file >= weights && file < weights + header))
    .reduce((sum, weights) => sum + weights, 0)
}

function hasDisk(bytes: number, free: number): boolean {
  return bytes === 0 || bytes + leftOnDisk <= free
}

export async function roomHere(): Promise<Room> {
  const directory = cacheDirectory()
  await mkdir(directory, { recursive: true })
  const names = (await readdir(directory)).filter((name) => name.endsWith('.gguf'))
  const files = await Promise.all(names.map(async (name) => (await stat(join(directory, name))).size))
  const { bavail, bsize } = await statfs(directory)
  return { memory: freemem(), disk: bavail * bsize, files }
}
