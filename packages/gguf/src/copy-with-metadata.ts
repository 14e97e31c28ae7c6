import { open, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { ForetokenError } from '@foretoken/core'
import type { Cursor } from './cursor.js'
import { HeaderWriter } from './header-writer.js'
import type { GgufMetadata } from './metadata.js'
import { alignmentOf, parseMetadata, readHeader } from './read.js'
import { writeAt } from './write.js'

export interface CopyOptions {
  readonly signal?: AbortSignal | undefined
  /** Called with the number of bytes written so far, and how many there will be. */
  readonly onBytes?: ((written: number, total: number) => void) | undefined
}

const chunk = 1 << 22

/**
 * Copies a GGUF file, with other metadata: values of keys that it has are replaced, others added. Tensors are copied as
 * they are, whatever their types. Nothing is left of a copy that fails.
 *
 * @throws `invalid-argument` when both are the same file, `model-file` for a source that is no GGUF, the signal's reason,
 * or what the file system throws.
 */
export async function copyWithMetadata(
  source: string,
  destination: string,
  changes: GgufMetadata,
  { signal, onBytes }: CopyOptions = {},
): Promise<void> {
  if (resolve(source) === resolve(destination)) {
    throw new ForetokenError('invalid-argument', `${source} cannot be copied onto itself: name another file.`)
  }
  const { header, dataStart, size } = await readHeader(source, (cursor, length) => replaced(cursor, length, changes))
  const total = header.length + size - dataStart
  const from = await open(source)
  try {
    const to = await open(destination, 'w')
    try {
      await writeAt(to, header, 0)
      const bytes = new Uint8Array(Math.min(chunk, size - dataStart))
      for (let at = dataStart; at < size;) {
        signal?.throwIfAborted()
        const { bytesRead } = await from.read(bytes, 0, Math.min(bytes.length, size - at), at)
        if (bytesRead === 0) throw new ForetokenError('model-file', `${source} has become shorter. Try again.`)
        await writeAt(to, bytes.subarray(0, bytesRead), header.length + at - dataStart)
        at += bytesRead
        onBytes?.(header.length + at - dataStart, total)
      }
    } finally {
      await to.close()
    }
  } catch (error) {
    await rm(destination, { force: true })
    throw error
  } finally {
    await from.close()
  }
}

function replaced(
  cursor: Cursor,
  size: number,
  changes: GgufMetadata,
): { header: Uint8Array; dataStart: number; size: number } {
  const { version, tensorCount, metadata } = parseMetadata(cursor)
  const alignment = alignmentOf(metadata)
  const writer = new HeaderWriter()
  writer.start(version, tensorCount, [...new Map([...metadata, ...changes])])
  // Offsets in the tensors' entries count from the start of the data: they stay as they are.
  const start = cursor.position
  for (let i = 0; i < tensorCount; i++) {
    cursor.string('the name of a tensor')
    const dimensions = cursor.uint32()
    cursor.bytes(8 * dimensions + 4 + 8)
  }
  const length = cursor.position - start
  cursor.position = start
  writer.bytes(cursor.bytes(length))
  writer.pad(alignment)
  const dataStart = Math.min(size, Math.ceil((start + length) / alignment) * alignment)
  return { header: writer.concatenated(), dataStart, size }
}
