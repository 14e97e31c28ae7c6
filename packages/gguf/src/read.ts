import { type FileHandle, open, stat } from 'node:fs/promises'
import { ForetokenError } from '@foretoken/core'
import { Cursor, OutOfBytes } from './cursor.js'
import { type GgufMetadata, type GgufValue, numberOf } from './metadata.js'
import { byteLength, formats, tensorTypeName, tensorTypeOf, type TensorType } from './tensor-types.js'

export interface GgufTensor {
  readonly name: string
  readonly type: TensorType
  /** Sizes, the fastest first: a matrix is `[columns, rows]`. */
  readonly dimensions: readonly number[]
  /** Where its data starts in the file. */
  readonly offset: number
  readonly bytes: number
}

/** What a GGUF file says about itself. */
export interface GgufFile {
  readonly path: string
  /** Bytes of the file. */
  readonly size: number
  readonly metadata: GgufMetadata
  readonly tensors: ReadonlyMap<string, GgufTensor>
}

const firstRead = 1 << 20
/** No honest header is longer: vocabularies of 256k tokens take about 10 MB. */
const longestHeader = 1 << 28

/**
 * Reads the header of the GGUF file at `path` (versions 2 and 3, tensors of the types in {@link formats}), and checks
 * that every tensor lies within the file.
 *
 * @throws `model-file` when the file is missing, unreadable, no GGUF, truncated, or uses what we do not know.
 */
export async function readGguf(path: string): Promise<GgufFile> {
  return readHeader(path, (cursor, size) => ({ path, size, ...parse(cursor, size) }))
}

/**
 * Reads the metadata of the GGUF file at `path` alone: its tensors may be of any type, and need not be there.
 *
 * @throws As {@link readGguf}.
 */
export async function readGgufMetadata(path: string): Promise<GgufMetadata> {
  return readHeader(path, (cursor) => parseMetadata(cursor).metadata)
}

/**
 * The metadata in the first `bytes` of a GGUF file, which need not be on this machine.
 *
 * @returns `undefined` when they end before the metadata does.
 * @throws `model-file` when they are no GGUF.
 */
export function parseGgufMetadata(bytes: Uint8Array): GgufMetadata | undefined {
  try {
    return parseMetadata(new Cursor(bytes)).metadata
  } catch (error) {
    if (error instanceof OutOfBytes) return undefined
    throw error
  }
}

/** Parses the start of a file, of which more is read as long as that is not enough. */
export async function readHeader<T>(path: string, parse: (cursor: Cursor, size: number) => T): Promise<T> {
  return withFile(path, async (handle) => {
    const { size } = await handle.stat()
    for (let length = firstRead; ; length *= 2) {
      const bytes = await readAt(handle, 0, Math.min(length, size))
      try {
        return parse(new Cursor(bytes), size)
      } catch (error) {
        if (!(error instanceof OutOfBytes)) throw error
        if (length >= size) throw truncated()
        if (length >= longestHeader) {
          throw new ForetokenError('model-file', `its header is longer than ${longestHeader} bytes`, { cause: error })
        }
      }
    }
  })
}

/** The data of `tensor`, as it stands in `file`. @throws `model-file` when the file cannot be read. */
export async function readTensor(file: GgufFile, tensor: GgufTensor): Promise<Uint8Array> {
  return withFile(file.path, (handle) => readAt(handle, tensor.offset, tensor.bytes))
}

/** All before the tensors' entries, where it leaves the cursor. */
export function parseMetadata(cursor: Cursor): { version: number; tensorCount: number; metadata: GgufMetadata } {
  const magic = String.fromCharCode(...cursor.bytes(4))
  if (magic !== 'GGUF') {
    throw new ForetokenError(
      'model-file',
      `it starts with ${JSON.stringify(magic)} where a GGUF file starts with "GGUF"`,
    )
  }
  const version = cursor.uint32()
  if (version !== 2 && version !== 3) {
    throw new ForetokenError('model-file', `its GGUF version is ${version}; 2 and 3 (little-endian) can be read`)
  }
  const tensorCount = cursor.size('the number of tensors')
  const valueCount = cursor.size('the number of metadata values')

  const metadata = new Map<string, GgufValue>()
  for (let i = 0; i < valueCount; i++) {
    const key = cursor.string('a metadata key')
    if (metadata.has(key)) throw new ForetokenError('model-file', `it has the metadata key ${key} twice`)
    metadata.set(key, cursor.value(key))
  }
  return { version, tensorCount, metadata }
}

function parse(cursor: Cursor, size: number): { metadata: GgufMetadata; tensors: Map<string, GgufTensor> } {
  const { tensorCount, metadata } = parseMetadata(cursor)
  const found: GgufTensor[] = []
  for (let i = 0; i < tensorCount; i++) found.push(parseTensor(cursor))

  const alignment = alignmentOf(metadata)
  const dataStart = Math.ceil(cursor.position / alignment) * alignment
  const tensors = new Map<string, GgufTensor>()
  for (const tensor of found) {
    if (tensors.has(tensor.name)) throw new ForetokenError('model-file', `it has the tensor ${tensor.name} twice`)
    if (dataStart + tensor.offset + tensor.bytes > size) throw truncated(tensor.name)
    tensors.set(tensor.name, { ...tensor, offset: dataStart + tensor.offset })
  }
  return { metadata, tensors }
}

/** What the start of the data, and of each tensor in it, is a multiple of. */
export function alignmentOf(metadata: GgufMetadata): number {
  const alignment = numberOf(metadata, 'general.alignment') ?? 32
  if (!Number.isSafeInteger(alignment) || alignment < 1) {
    throw new ForetokenError('model-file', `its alignment is ${alignment}`)
  }
  return alignment
}

/** A tensor's entry in the header; its `offset` still counts from the start of the data. */
function parseTensor(cursor: Cursor): GgufTensor {
  const name = cursor.string('the name of a tensor')
  const dimensionCount = cursor.uint32()
  if (dimensionCount < 1 || dimensionCount > 4) {
    throw new ForetokenError('model-file', `the tensor ${name} has ${dimensionCount} dimensions`)
  }
  const dimensions = Array.from({ length: dimensionCount }, () => cursor.size(`a dimension of ${name}`))
  const elements = dimensions.reduce((product, dimension) => product * dimension, 1)
  const id = cursor.uint32()
  const type = tensorTypeOf(id)
  if (type === undefined) {
    throw new ForetokenError(
      'model-file',
      `the tensor ${name} is of type ${tensorTypeName(id)}; ${Object.keys(formats).join(', ')} can be read`,
    )
  }
  if (elements < 1 || !Number.isSafeInteger(elements) || dimensions[0]! % formats[type].block !== 0) {
    throw new ForetokenError('model-file', `the tensor ${name} has the impossible size ${dimensions.join(' x ')}`)
  }
  const offset = cursor.size(`the offset of ${name}`)
  return { name, type, dimensions, offset, bytes: byteLength(type, elements) }
}

function truncated(tensor?: string): ForetokenError {
  const where = tensor === undefined ? 'in its header' : `before the end of the tensor ${tensor}`
  return new ForetokenError('model-file', `it is truncated: it ends ${where}. Download or create it again`)
}

async function withFile<Result>(path: string, use: (handle: FileHandle) => Promise<Result>): Promise<Result> {
  let handle: FileHandle | undefined
  try {
    // Before it is opened: opening a named pipe would wait for someone to write to it.
    if (!(await stat(path)).isFile()) throw new Error('it is not a file')
    handle = await open(path)
    return await use(handle)
  } catch (error) {
    throw new ForetokenError('model-file', `Cannot use ${path} as a model: ${(error as Error).message}`, {
      cause: error,
    })
  } finally {
    await handle?.close()
  }
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  for (let done = 0; done < length;) {
    const { bytesRead } = await handle.read(bytes, done, length - done, position + done)
    if (bytesRead === 0) throw truncated()
    done += bytesRead
  }
  return bytes
}
