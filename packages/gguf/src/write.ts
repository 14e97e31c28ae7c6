import type { FileHandle } from 'node:fs/promises'
import { HeaderWriter } from './header-writer.js'
import type { GgufMetadata } from './metadata.js'
import { byteLength, formats, type TensorType } from './tensor-types.js'

const alignment = 32

/** A tensor that is to be written: its name, type, and sizes with the fastest first. */
export interface TensorSpec {
  readonly name: string
  readonly type: TensorType
  readonly dimensions: readonly number[]
}

/** Where everything in a GGUF file goes, known before any data is. */
export interface GgufLayout<Spec extends TensorSpec = TensorSpec> {
  readonly header: Uint8Array
  readonly tensors: readonly { readonly spec: Spec; readonly offset: number; readonly bytes: number }[]
  /** Bytes of the whole file. */
  readonly size: number
}

/** Plans a GGUF file, version 3, with its tensors in the order given. Their data starts at multiples of 32 bytes. */
export function layOut<Spec extends TensorSpec>(metadata: GgufMetadata, specs: readonly Spec[]): GgufLayout<Spec> {
  let dataSize = 0
  const planned = specs.map((spec) => {
    const offset = dataSize
    const elements = spec.dimensions.reduce((product, dimension) => product * dimension, 1)
    const bytes = byteLength(spec.type, elements)
    dataSize = align(dataSize + bytes)
    return { spec, offset, bytes }
  })
  const header = new HeaderWriter()
  // Ours may differ from the alignment of the file that the metadata comes from.
  const entries = [...metadata].filter(([key]) => key !== 'general.alignment')
  header.start(3, specs.length, entries)
  for (const { spec, offset } of planned) {
    header.string(spec.name)
    header.fixed('uint32', spec.dimensions.length)
    for (const dimension of spec.dimensions) header.fixed('uint64', BigInt(dimension))
    header.fixed('uint32', formats[spec.type].id)
    header.fixed('uint64', BigInt(offset))
  }
  header.pad(alignment)
  const start = header.length
  const tensors = planned.map(({ spec, offset, bytes }) => ({ spec, offset: start + offset, bytes }))
  return { header: header.concatenated(), tensors, size: start + dataSize }
}

/**
 * Writes a file as it was laid out. `chunksOf` gives a tensor's data piece by piece; a piece must stay as it is until the
 * next but one is asked for, because it is being written while the next is made.
 *
 * @param options.onBytes Called with the number of bytes written so far.
 * @throws The reason of `signal` when it is aborted (looked at before each piece), or what the file system throws.
 */
export async function writeGguf<Spec extends TensorSpec>(
  handle: FileHandle,
  layout: GgufLayout<Spec>,
  chunksOf: (spec: Spec) => AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: { readonly signal?: AbortSignal | undefined; readonly onBytes?: (written: number) => void } = {},
): Promise<void> {
  await writeAt(handle, layout.header, 0)
  let writing = Promise.resolve()
  try {
    for (const { spec, offset, bytes } of layout.tensors) {
      let end = offset
      for await (const chunk of chunksOf(spec)) {
        await writing
        options.signal?.throwIfAborted()
        options.onBytes?.(end)
        writing = writeAt(handle, chunk, end)
        // A failure is met at the next `await writing`; until then it must not count as unhandled.
        writing.catch(() => {})
        end += chunk.length
      }
      if (end !== offset + bytes) throw new Error(`${spec.name} has ${end - offset} bytes of data instead of ${bytes}`)
    }
    await writing
    // The padding behind the last tensor, which nothing else writes.
    await handle.truncate(layout.size)
    options.onBytes?.(layout.size)
  } finally {
    await writing.catch(() => {})
  }
}

export async function writeAt(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

function align(offset: number): number {
  return Math.ceil(offset / alignment) * alignment
}
