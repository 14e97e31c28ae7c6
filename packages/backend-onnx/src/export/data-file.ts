import type { FileHandle } from 'node:fs/promises'
import type { ElementType, Place } from './graph-builder.js'

/** Page by page: what is mapped has to start on one. */
const alignment = 4096

/** The file beside a graph that holds its weights, one after the other. */
export class DataFile {
  readonly places = new Map<string, Place>()
  private readonly handle: FileHandle
  private readonly name: string
  private end = 0

  /** @param name What graphs beside it call it. */
  constructor(handle: FileHandle, name: string) {
    this.handle = handle
    this.name = name
  }

  async put(
    name: string,
    type: ElementType,
    dimensions: readonly number[],
    values: Float32Array | Uint16Array | Uint8Array,
  ): Promise<void> {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    const offset = Math.ceil(this.end / alignment) * alignment
    this.end = offset + bytes.length
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await this.handle.write(bytes, done, bytes.length - done, offset + done)
      done += bytesWritten
    }
    this.places.set(name, { type, dimensions, file: this.name, offset, bytes: bytes.length })
  }

  /** Gives what is stored as `from`, or its rows from `first` on, a second name and shape. */
  alias(name: string, from: string, dimensions: readonly number[], first = 0): void {
    const place = this.places.get(from)!
    const size = (sizes: readonly number[]): number => sizes.reduce((product, each) => product * each, 1)
    const perElement = place.bytes / size(place.dimensions)
    const bytes = size(dimensions) * perElement
    this.places.set(name, {
      ...place,
      dimensions,
      offset: place.offset + first * dimensions.at(-1)! * perElement,
      bytes,
    })
  }
}
