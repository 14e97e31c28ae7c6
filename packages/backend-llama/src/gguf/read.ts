import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { ForetokenError } from '@foretoken/core'
import { tensorBytes, tensorTypeName } from './types.js'

/** A value of a file's metadata. Of arrays, only what we need is kept. */
export type MetadataValue = string | number | bigint | boolean | ArraySummary

/** An array in the metadata: its length, and its values if they are few numbers or truth values. */
export interface ArraySummary {
  readonly length: number
  readonly values: readonly (number | bigint | boolean)[] | undefined
}

export interface TensorInfo {
  readonly name: string
  readonly shape: readonly number[]
  /** `F16`, `Q4_K` */
  readonly type: string
  /** In the file. */
  readonly bytes: number
}

/** The head of a GGUF file. */
export interface GgufHead {
  readonly metadata: ReadonlyMap<string, MetadataValue>
  readonly tensors: readonly TensorInfo[]
  /** Where the file must end at the least, to hold all its tensors. */
  readonly expectedSize: number
  /** A short hash of all tokens' text and types, in order; `undefined` when the file has no vocabulary. */
  readonly fingerprint: string | undefined
}

const tokens = 'tokenizer.ggml.tokens'
const tokenTypes = 'tokenizer.ggml.token_type'
const stringType = 8
const arrayType = 9
/** Bytes of each scalar type. */
const widths = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8]
const keepAtMost = 1024

/**
 * Reads the head of a GGUF file: metadata and tensor list, without the weights.
 *
 * @throws `model-file` when the file is not GGUF, is damaged, or has tensors of an unknown type.
 */
export async function readGguf(path: string): Promise<GgufHead> {
  const file = await open(path, 'r')
  try {
    return await parse(new Reader(file, (await file.stat()).size, path))
  } finally {
    await file.close()
  }
}

async function parse(reader: Reader): Promise<GgufHead> {
  const magic = await reader.bytes(4)
  if (magic.toString('latin1') !== 'GGUF') throw notGguf(reader.path, magic)
  const version = await reader.uint32()
  if (version < 2 || version > 3) {
    throw bad(reader.path, `it is GGUF version ${version}, and only 2 and 3 can be read`, 'Convert the model again.')
  }
  const tensorCount = await reader.count('tensors')
  const entryCount = await reader.count('metadata entries')

  const metadata = new Map<string, MetadataValue>()
  // One hash for each list: files have them in any order.
  const hashes = new Map([tokens, tokenTypes].map((key) => [key, createHash('sha256')]))
  for (let entry = 0; entry < entryCount; entry++) {
    const key = await reader.string()
    const type = await reader.uint32()
    metadata.set(key, await reader.value(type, { digest: hashes.get(key), distinct: key === tokens }))
  }

  const tensors: TensorInfo[] = []
  let end = 0
  for (let index = 0; index < tensorCount; index++) {
    const { tensor, offset } = await readTensor(reader)
    tensors.push(tensor)
    end = Math.max(end, offset + tensor.bytes)
  }
  const alignment = Number(metadata.get('general.alignment') ?? 32) || 32
  const dataStart = Math.ceil(reader.position / alignment) * alignment
  return {
    metadata,
    tensors,
    expectedSize: tensors.length === 0 ? reader.position : dataStart + end,
    fingerprint: metadata.has(tokens) ? combine([...hashes.values()].map((hash) => hash.digest())) : undefined,
  }
}

function combine(digests: readonly Buffer[]): string {
  const hash = createHash('sha256')
  for (const digest of digests) hash.update(digest)
  return hash.digest('hex').slice(0, 16)
}

async function readTensor(reader: Reader): Promise<{ tensor: TensorInfo; offset: number }> {
  const name = await reader.string()
  const dimensions = await reader.uint32()
  if (dimensions > 8) throw damaged(reader.path, `tensor ${name} has ${dimensions} dimensions`)
  const shape: number[] = []
  for (let dimension = 0; dimension < dimensions; dimension++) shape.push(await reader.uint64())
  const type = await reader.uint32()
  const offset = await reader.uint64()
  const bytes = tensorBytes(
    type,
    shape.reduce((product, length) => product * length, 1),
  )
  if (bytes === undefined) {
    throw bad(
      reader.path,
      `tensor ${name} is of type ${type}, which is unknown here`,
      'Use another quantisation of the model, or a newer version of this package.',
    )
  }
  return { tensor: { name, shape, type: tensorTypeName(type) ?? String(type), bytes }, offset }
}

/** What is done with an array of the metadata beside walking over it. */
interface Watch {
  /** Takes the bytes of all elements. */
  readonly digest: ReturnType<typeof createHash> | undefined
  /** Whether its texts must all be different. */
  readonly distinct: boolean
}

/** Walks through a file from its start, a block at a time. */
class Reader {
  position = 0
  private block = Buffer.alloc(0)
  private blockStart = 0
  private readonly file: FileHandle
  private readonly size: number
  readonly path: string

  constructor(file: FileHandle, size: number, path: string) {
    this.file = file
    this.size = size
    this.path = path
  }

  /** The next bytes. Valid until the next call. */
  async bytes(length: number): Promise<Buffer> {
    if (this.position + length > this.size) {
      throw damaged(this.path, `it ends inside its head, after ${this.size} bytes`)
    }
    let from = this.position - this.blockStart
    if (from < 0 || from + length > this.block.length) {
      const wanted = Math.min(Math.max(length, 1 << 18), this.size - this.position)
      const buffer = Buffer.allocUnsafe(wanted)
      const { bytesRead } = await this.file.read(buffer, 0, wanted, this.position)
      if (bytesRead < length) throw damaged(this.path, `only ${this.position + bytesRead} bytes of it could be read`)
      this.block = buffer.subarray(0, bytesRead)
      this.blockStart = this.position
      from = 0
    }
    this.position += length
    return this.block.subarray(from, from + length)
  }

  async uint32(): Promise<number> {
    return (await this.bytes(4)).readUInt32LE()
  }

  async uint64(): Promise<number> {
    return Number((await this.bytes(8)).readBigUInt64LE())
  }

  /** A number of things that follow, each of which takes at least a few bytes. */
  async count(of: string): Promise<number> {
    const count = await this.uint64()
    if (count * 4 > this.size) throw damaged(this.path, `it claims ${count} ${of} in ${this.size} bytes`)
    return count
  }

  async string(): Promise<string> {
    return (await this.stringBytes()).toString('utf8')
  }

  async value(type: number, watch: Watch): Promise<MetadataValue> {
    if (type === stringType) return this.string()
    if (type !== arrayType) return scalar(type, await this.bytes(this.width(type)))
    const elementType = await this.uint32()
    const length = await this.count('array elements')
    watch.digest?.update(`${elementType}:${length}:`)
    if (elementType === arrayType) throw damaged(this.path, 'it has an array of arrays')
    if (elementType === stringType) {
      await this.skipStrings(length, watch)
      return { length, values: undefined }
    }
    const width = this.width(elementType)
    const bytes = await this.bytes(width * length)
    watch.digest?.update(bytes)
    if (length > keepAtMost) return { length, values: undefined }
    const values = Array.from({ length }, (_, index) => scalar(elementType, bytes.subarray(index * width)))
    return { length, values }
  }

  /** A vocabulary has 100 000 and more: looked at in the block, without a promise for each. */
  private async skipStrings(count: number, { digest, distinct }: Watch): Promise<void> {
    const seen = new Set<string>()
    let empty = 0
    for (let index = 0; index < count; index++) {
      const bytes = this.stringInBlock() ?? (await this.stringBytes())
      digest?.update(`${bytes.length}:`).update(bytes)
      if (distinct && bytes.length > 0) seen.add(bytes.toString('latin1'))
      else empty++
    }
    // llama.cpp would end the process over it.
    if (distinct && seen.size + empty < count) throw damaged(this.path, 'two of its tokens have the same text')
  }

  /** The next string, if the block that is in memory holds all of it. */
  private stringInBlock(): Buffer | undefined {
    const from = this.position - this.blockStart
    if (from < 0 || from + 8 > this.block.length) return undefined
    const next = from + 8 + Number(this.block.readBigUInt64LE(from))
    if (next > this.block.length) return undefined
    this.position += next - from
    return this.block.subarray(from + 8, next)
  }

  private async stringBytes(): Promise<Buffer> {
    return this.bytes(await this.uint64())
  }

  private width(type: number): number {
    const width = widths[type]
    if (!width) throw damaged(this.path, `a metadata entry has the unknown type ${type}`)
    return width
  }
}

function scalar(type: number, bytes: Buffer): number | bigint | boolean {
  switch (type) {
    case 0:
      return bytes.readUInt8()
    case 1:
      return bytes.readInt8()
    case 2:
      return bytes.readUInt16LE()
    case 3:
      return bytes.readInt16LE()
    case 4:
      return bytes.readUInt32LE()
    case 5:
      return bytes.readInt32LE()
    case 6:
      return bytes.readFloatLE()
    case 7:
      return bytes.readUInt8() !== 0
    case 10:
      return bytes.readBigUInt64LE()
    case 11:
      return bytes.readBigInt64LE()
    default:
      return bytes.readDoubleLE()
  }
}

function bad(path: string, what: string, advice: string): ForetokenError {
  return new ForetokenError('model-file', `${path} cannot be used: ${what}. ${advice}`)
}

function damaged(path: string, what: string): ForetokenError {
  return bad(path, `the file is damaged or incomplete (${what})`, 'Download or convert it again.')
}

function notGguf(path: string, magic: Buffer): ForetokenError {
  const start = magic.toString('latin1').replace(/[^\x20-\x7e]/g, '?')
  return bad(path, `it is not a GGUF file (it starts with "${start}")`, 'Pass a model in the GGUF format of llama.cpp.')
}
